/** Where the web pages are on disk: ours beside the code, what they are built with in its packages. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StaticFolders } from '../ops/static-files.ts'

export function webFolders(): StaticFolders {
  const web = fileURLToPath(new URL('../../web', import.meta.url))
  return {
    '/': `${web}/map`,
    '/chat/': `${web}/chat`,
    '/chat/converse/': folderOf('converse.js/dist/converse.min.js'),
    '/lib/preact/': folderOf('preact'),
    '/lib/uplot/': folderOf('uplot'),
  }
}

const folderOf = (file: string): string => dirname(createRequire(import.meta.url).resolve(file))
