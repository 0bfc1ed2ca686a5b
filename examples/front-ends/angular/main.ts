// Compiles in the page, so that Vite alone builds this; with Angular's own build this line goes.
import '@angular/compiler'
import { bootstrapApplication } from '@angular/platform-browser'
import { App } from './App.ts'

await bootstrapApplication(App)
