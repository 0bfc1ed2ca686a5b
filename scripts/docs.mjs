// The reference of all public names, from their doc comments: npm run docs makes api/index.html.
import { checkNode, installPackages, run } from './steps.mjs'

checkNode()
installPackages()
process.exit(run('npx', ['typedoc', '--treatWarningsAsErrors']) ? 0 : 1)
