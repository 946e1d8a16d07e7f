/** Files of the web pages: our own and those of packages, and nothing outside their folders. */
import { realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

/** URL prefix → folder on disk. The longest prefix wins; a path that ends with `/` means its index.html. */
export type StaticFolders = Readonly<Record<string, string>>

export interface Asset {
  readonly type: string
  readonly path: string
  readonly bytes: number
  /** Entity tag: another when the file is. */
  readonly tag: string
  /** Belongs to a package with a fixed version: may be cached. */
  readonly isImmutable: boolean
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
}

/** The file behind a URL path, or undefined when there is none that may be shown. */
export async function findAsset(path: string, folders: StaticFolders): Promise<Asset | undefined> {
  const prefix = Object.keys(folders)
    .filter((candidate) => path.startsWith(candidate))
    .sort((a, b) => b.length - a.length)[0]
  const folder = prefix === undefined ? undefined : folders[prefix]
  if (prefix === undefined || folder === undefined) return undefined
  try {
    const name = decodeURIComponent(path.slice(prefix.length))
    if (name.includes('\0')) return undefined
    const root = await realpath(folder)
    const file = await realpath(join(root, name === '' || name.endsWith('/') ? `${name}index.html` : name))
    const type = TYPES[extname(file)]
    if (type === undefined || !file.startsWith(root + sep)) return undefined
    const { size, mtimeMs } = await stat(file)
    const tag = `"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"`
    return { type, path: file, bytes: size, tag, isImmutable: folder.includes('node_modules') }
  } catch {
    return undefined
  }
}
