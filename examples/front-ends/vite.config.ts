import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import react from '@vitejs/plugin-react'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  base: './',
  plugins: [react(), vue(), svelte({ configFile: false })],
  resolve: {
    // Of this clone. A project of yours has them from npm: npm install igwn-alert-rx rxjs
    alias: { 'igwn-alert-rx/browser': here('../../src/browser.ts') },
    dedupe: ['rxjs'],
  },
  build: {
    rolldownOptions: { input: ['plain', 'react', 'vue', 'svelte', 'angular'].map(name => here(`${name}/index.html`)) },
  },
  // npm run dev, beside: igwn-alert-rx bridge superevent --port 8080
  server: { proxy: { '^/alerts/': { target: 'http://127.0.0.1:8080', rewrite: path => path.replace('/alerts', '') } } },
})
