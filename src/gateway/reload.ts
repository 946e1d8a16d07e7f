/** What a newly read configuration changes, and which of it waits for a restart. */
import type { Config } from '../config.ts'

/** Key paths that take effect while the gateway runs. */
const LIVE: readonly string[] = ['log.level', 'archive.retentionMs', 'xmpp.admins', 'retroshare.autojoin']

/** Key paths that differ, parted by whether they are in force at once. */
export function compareConfigs(old: Config, fresh: Config): { changed: string[]; needRestart: string[] } {
  const before = leaves(old)
  const after = leaves(fresh)
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  )
  return {
    changed: differing.filter((path) => LIVE.includes(path)),
    needRestart: differing.filter((path) => !LIVE.includes(path)),
  }
}

/** Key path → value as JSON; lists are leaves. */
function leaves(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [key, child] of Object.entries(value))
      leaves(child, path === '' ? key : `${path}.${key}`, into)
  else into.set(path, JSON.stringify(value))
  return into
}
