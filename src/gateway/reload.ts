/** What a newly read configuration changes, and which of it waits for a restart. */
import type { Config } from '../config.ts'
import { CONFIG_KEYS } from '../config-keys.ts'

/** Keys that take effect while the gateway runs. */
const LIVE: ReadonlySet<string> = new Set(
  CONFIG_KEYS.filter(({ isLive }) => isLive).map(({ path }) => path.join('.')),
)
/** Keys that hold a value, and no further keys. */
const WHOLE: ReadonlySet<string> = new Set(
  CONFIG_KEYS.filter(({ expected }) => expected !== undefined).map(({ path }) => path.join('.')),
)
/** Where a value has another name than the key that an operator sets. */
const KEYS: Readonly<Record<string, string>> = {
  'archive.retentionMs': 'archive.retention',
  'archive.location.kind': 'archive.url',
  'archive.location.file': 'archive.url',
  'archive.location.postgres': 'archive.url',
}

/** Keys that are in force now and were not before, and keys that will be after a restart. */
export interface ConfigChanges {
  readonly changed: readonly string[]
  readonly needRestart: readonly string[]
}

/** `started`: what the process began with; `current`: what it read last. */
export function compareConfigs(started: Config, current: Config, fresh: Config): ConfigChanges {
  const needRestart = differing(started, fresh).filter((key) => !LIVE.has(key))
  // What is inside a section that is turned on waits with it.
  const waits = (key: string): boolean => needRestart.some((section) => key.startsWith(`${section}.`))
  return { changed: differing(current, fresh).filter((key) => LIVE.has(key) && !waits(key)), needRestart }
}

function differing(old: Config, fresh: Config): string[] {
  const before = leaves(old)
  const after = leaves(fresh)
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key))
}

/** Key path → value as JSON; lists, endpoints and maps are leaves. */
function leaves(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  const isSection =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !('port' in value) &&
    !WHOLE.has(path)
  if (isSection)
    for (const [key, child] of Object.entries(value))
      leaves(child, path === '' ? key : `${path}.${key}`, into)
  else into.set(KEYS[path] ?? path, JSON.stringify(value))
  return into
}
