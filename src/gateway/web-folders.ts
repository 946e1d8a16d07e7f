/** Where the web pages are on disk: ours beside the code, Converse.js in its package. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StaticFolders } from '../ops/static-files.ts'

export function webFolders(): StaticFolders {
  const web = fileURLToPath(new URL('../../web', import.meta.url))
  return {
    '/': `${web}/map`,
    '/chat/': `${web}/chat`,
    '/chat/converse/': dirname(createRequire(import.meta.url).resolve('converse.js/dist/converse.min.js')),
  }
}
