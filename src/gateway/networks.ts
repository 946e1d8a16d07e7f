/** The lobby networks that the configuration turns on. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config, RetroshareConfig } from '../config.ts'
import type { LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import { createRetroShareNetwork } from '../retroshare/network.ts'
import type { NetworkId } from '../util/ids.ts'
import { VERSION } from '../version.ts'

/** Where the RetroShare node keeps keys, friends and lobbies, in the data folder. */
export const retroshareFolder = (data: string): string => join(data, 'retroshare')

/** RetroShare, with its state below the data folder. */
export const openRetroShare = (
  { name, listen, advertise, identities }: RetroshareConfig,
  data: string,
  log: Logger,
  onUpdate: (update: LobbyUpdate) => void,
): LobbyNetwork =>
  createRetroShareNetwork({
    name,
    listen,
    advertise,
    linking: (lobby) => identities.lobbies[lobby] ?? identities.default,
    dir: retroshareFolder(data),
    version: `Foyer ${VERSION}`,
    log: log.child({ network: 'retroshare' }),
    onUpdate,
  })

/** Joins what is to be joined without being asked. */
export function joinLobbies(networks: ReadonlyMap<NetworkId, LobbyNetwork>, { retroshare }: Config): void {
  for (const network of networks.values())
    for (const lobby of retroshare?.autojoin ?? []) network.send({ kind: 'join', lobby })
}
