/** Checks of the gateway that runs with a data folder: what it says of itself. */
import { askGateway } from '../../admin/client.ts'
import { adminSocket } from '../../admin/protocol.ts'
import type { Config, Endpoint } from '../../config.ts'
import { duration } from '../../gateway/listings.ts'
import type { GatewayStatus } from '../../gateway/status.ts'
import { GatewayError } from '../../util/errors.ts'
import { VERSION } from '../../version.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { listeners } from './network.ts'

/** Beyond this, friends drop what we say, or we what they say. */
const MAX_CLOCK_OFFSET_SEC = 30

/** What a gateway says of itself; undefined when none runs; the error when that cannot be told. */
export async function runningGateway(
  { data }: Pick<Config, 'data'>,
  timeoutMs?: number,
): Promise<GatewayStatus | GatewayError | undefined> {
  try {
    return (await askGateway(adminSocket(data), 'status', {}, timeoutMs)) as GatewayStatus
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return error.code === 'NOT_RUNNING' ? undefined : error
  }
}

export function checkRunning(status: GatewayStatus | GatewayError | undefined): Finding[] {
  if (!status) return [warn('gateway', 'does not run with this data folder', '`foyer start`')]
  if (status instanceof GatewayError)
    return [
      fail(
        'gateway',
        `may run, and cannot be asked: ${status.message}`,
        'run this as the user of the gateway; if it hangs, look at its log, then restart it',
      ),
    ]
  const version =
    status.version === VERSION
      ? ok('gateway', `runs, version ${status.version}`)
      : warn('gateway', `runs version ${status.version}, and ${VERSION} is installed`, 'restart it')
  return [
    version,
    // An older gateway does not tell.
    ...(status.hostServer?.linked ? [ok('host server', `linked as ${status.hostServer.domain}`)] : []),
    ...status.problems.map((text) =>
      fail('gateway', text, 'docs/incidents.md, FoyerNotReady; the log has the code'),
    ),
  ]
}

/** Without a friend that is linked, rooms are cut off from their lobbies. */
export const checkFriends = ({ networks }: GatewayStatus): Finding[] =>
  networks.map(({ id, friends, friendsOnline }) => {
    const text = `${id}: ${friendsOnline} of ${friends} linked`
    return friends > 0 && friendsOnline === 0
      ? warn('friends', text, '`foyer friend list` has since when; docs/incidents.md, FoyerNoFriends')
      : ok('friends', text)
  })

/** By the clocks of friends: nobody else is asked. */
export function checkClock({ clockOffsetSec, networks }: GatewayStatus): Finding {
  if (clockOffsetSec === null)
    return warn(
      'clock',
      'nobody to compare with',
      networks.some(({ friends }) => friends > 0)
        ? 'ask again when a friend is online'
        : 'add a friend: `foyer friend add INVITE`',
    )
  const text = `friends' clocks are ${inWords(Math.abs(clockOffsetSec))} ${clockOffsetSec < 0 ? 'behind' : 'ahead'}`
  return Math.abs(clockOffsetSec) > MAX_CLOCK_OFFSET_SEC
    ? fail('clock', text, 'turn on NTP: timedatectl set-ntp true')
    : ok('clock', text)
}

/** Seconds as people say them: parts of one are no matter here. */
const inWords = (seconds: number): string =>
  seconds < 600 ? `${Math.round(seconds)} s` : duration(Math.round(seconds))

/** Where it listens, with the ports that it was really given. */
export function boundListeners(config: Config, { ports }: GatewayStatus): [key: string, Endpoint][] {
  const bound: Readonly<Record<string, number | undefined>> = {
    'xmpp.server.listen': ports.c2s,
    'xmpp.server.directTls': ports.c2sTls,
    'http.listen': ports.http,
    'retroshare.listen': ports.retroshare,
  }
  return listeners(config).map(([key, endpoint]) => [key, { ...endpoint, port: bound[key] ?? endpoint.port }])
}
