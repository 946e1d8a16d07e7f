/** What the operating system refused, in words for who runs the gateway, with what can be done about it. */

const DISK_FULL = 'free space, or lower archive.retention, limits.files and limits.uploads'
const NOT_ALLOWED =
  'this user may not: run this as the user of the gateway, or give that user the file with chown'
const IN_THE_WAY = 'a file is in the way: name another place'

const IN_WORDS: Readonly<Record<string, string>> = {
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EEXIST: IN_THE_WAY,
  ENOTDIR: IN_THE_WAY,
  EISDIR: 'this is a folder: name a file',
  ENOENT: 'there is no such file or folder',
  ENOSPC: `the disk is full: ${DISK_FULL}`,
  SQLITE_FULL: `the disk is full: ${DISK_FULL}`,
  EDQUOT: `the disk quota of this user is used up: ${DISK_FULL}`,
  EROFS: 'this file system is read-only: mount it for writing, or name another place',
  EMFILE: 'too many files are open: raise the limit (ulimit -n, or LimitNOFILE of systemd)',
}

const codeOf = (cause: unknown): string => String((cause as { code?: unknown } | null)?.code ?? '')

/** Why a file or folder could not be used; what has no words here is in the system's own. */
export function refusalOf(cause: unknown): string {
  const code = codeOf(cause)
  const words = Object.hasOwn(IN_WORDS, code) ? IN_WORDS[code] : undefined
  if (words !== undefined) return `${words} (${code})`
  return cause instanceof Error ? cause.message : String(cause)
}

/** Why an address cannot be listened on, and what to do. `key` is the key of the configuration that names it. */
export function listenRefusal(
  key: string,
  { host, port }: { readonly host: string; readonly port: number },
  cause: unknown,
): { readonly text: string; readonly mend: string } {
  const at = `${key}: ${host.includes(':') ? `[${host}]` : host}:${port}`
  const code = codeOf(cause)
  switch (code) {
    case 'EADDRINUSE':
      return {
        text: `${at} is taken by another program`,
        mend: `end that program (\`ss -ltnp\` shows which), or set ${key} to another port`,
      }
    case 'EACCES':
      return {
        text: `${at} may not be used by this user`,
        mend: 'take a port above 1023, or grant CAP_NET_BIND_SERVICE',
      }
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return {
        text: `${at} is no address of this machine`,
        mend: `set ${key} to 0.0.0.0, [::] or an address of this machine`,
      }
    default:
      return {
        text: `${at} cannot be listened on: ${code === '' ? refusalOf(cause) : code}`,
        mend: `set ${key} to another address`,
      }
  }
}
