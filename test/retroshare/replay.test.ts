// Recorded sessions of real RetroShare nodes and of Xeres, replayed to a Foyer node over TLS in both roles: lobbies are listed,
// texts are heard once and in order, names are known, and no signature is wrong.
import { afterEach, expect, test } from 'vitest'
import type { NodeIdentity } from '../../src/retroshare/identity/node-identity.ts'
import { type Endpoint, formatLongInvite } from '../../src/retroshare/wire/invite.ts'
import { type BouncedItem, LOBBY_FLAG } from '../../src/retroshare/wire/item.ts'
import { equalBytes } from '../../src/util/bytes.ts'
import type { LobbyId, ParticipantId } from '../../src/util/ids.ts'
import { makeIdentity } from './peer/support/nodes.ts'
import { type RawLink, rawDial, rawListen } from './peer/support/raw-peer.ts'
import { offersIn, partOf, ReplayedPeer } from './replayed-peer.ts'
import { TestNode } from './test-node.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A Foyer node at the time of the recording, linked with a peer that plays a part of it; `skipTo` turns its clock. */
async function linked(file: string, direction: 'R' | 'W', dials: 'peer' | 'foyer') {
  const part = partOf(file, direction)
  const startedMs = Date.now()
  let skippedMs = 0
  const now = (): number => part.startedAtMs + Date.now() - startedMs + skippedMs
  const skipTo = (atMs: number): void => {
    skippedMs += Math.max(0, atMs - now())
  }
  const node = await TestNode.start('replay', now)
  ends.push(() => node.end())
  const identity = await makeIdentity('recorded')
  let link: RawLink
  if (dials === 'peer') {
    await node.network.addFriend(longInviteText(identity))
    link = await rawDial({ host: '127.0.0.1', port: node.port }, identity)
  } else {
    const listener = await rawListen(identity)
    ends.push(() => listener.close())
    await node.network.addFriend(longInviteText(identity, listener.address))
    link = await listener.accept()
  }
  ends.push(() => {
    link.socket.destroy()
  })
  return { node, part, peer: new ReplayedPeer(link, part), skipTo }
}

const longInviteText = (identity: NodeIdentity, external?: Endpoint): string =>
  formatLongInvite({
    sslId: identity.sslId,
    location: identity.location,
    pgpKey: identity.profile.publicKey,
    ...(external && { external }),
  })

const isBounced = (item: { kind: string }): item is BouncedItem =>
  item.kind === 'lobby-message' || item.kind === 'lobby-event'

test.each([
  ['long/A.hex', 'W', 'peer'],
  ['long/A.hex', 'W', 'foyer'],
  ['short/A.hex', 'W', 'peer'],
  ['three/A.hex', 'W', 'peer'],
  ['three/A.hex', 'W', 'foyer'],
  ['three/C.hex', 'W', 'peer'],
  ['foreign/signed/alice.hex', 'W', 'peer'],
  ['foreign/relay/alice.hex', 'W', 'peer'],
  ['foreign/relay/bob.hex', 'W', 'peer'],
  ['foyer/public.hex', 'R', 'peer'],
  ['foyer/public.hex', 'R', 'foyer'],
  ['foyer/signed.hex', 'R', 'peer'],
  ['foyer/private-alice.hex', 'R', 'foyer'],
  ['foyer/private-bob.hex', 'R', 'peer'],
  ['foyer/relay-alice.hex', 'R', 'peer'],
  ['foyer/relay-bob.hex', 'R', 'peer'],
  ['foyer/xeres.hex', 'R', 'peer'],
  ['foyer/xeres.hex', 'R', 'foyer'],
  ['foyer/avatar.hex', 'R', 'peer'],
] as const)(
  '%s %s, dialled by the %s',
  async (file, direction, dials) => {
    const { node, part, peer, skipTo } = await linked(file, direction, dials)
    const joined = new Set<LobbyId>()
    const flagsOf = new Map<LobbyId, number>()
    const spoken = new Set<ParticipantId>()
    const expected = new Map<string, { text: string; nick: string }>()
    const toOperators: string[] = []
    const inviting = new Set<LobbyId>()
    let avatar: Uint8Array | null = null

    // Lobbies that were the other side's are made here.
    for (const [id, { name, topic, flags }] of part.offered) {
      const isSigned = (flags & LOBBY_FLAG.signed) !== 0
      node.network.create({ id, name, topic, isPrivate: (flags & LOBBY_FLAG.public) === 0, isSigned })
      flagsOf.set(id, flags)
      joined.add(id)
    }
    const allHeard = async (): Promise<void> => {
      for (const { text } of expected.values()) await node.said(text)
    }
    const showsAvatar = async (): Promise<void> => {
      const wanted = avatar
      if (wanted)
        await node.got('friend', ({ friend }) => friend.avatar !== null && equalBytes(friend.avatar, wanted))
    }
    await peer.play(async (item, atMs) => {
      // Friends may say only so much in a time: all that came before is taken before the clock goes on.
      await allHeard()
      if (spoken.size > 0) await peer.read()
      skipTo(atMs)
      for (const [lobby, { flags }] of offersIn(item)) if (!joined.has(lobby)) flagsOf.set(lobby, flags)
      if (item.kind === 'avatar') {
        await showsAvatar()
        avatar = item.image
      }
      // Empty ones ask for an avatar.
      if (item.kind === 'private-message' && item.text.length > 0)
        toOperators.push(Buffer.from(item.text).toString())
      if (item.kind === 'lobby-invite' && !joined.has(item.lobby)) inviting.add(item.lobby)
      const flags = isBounced(item) ? flagsOf.get(item.lobby) : undefined
      if (!isBounced(item) || flags === undefined) return
      if (!joined.has(item.lobby)) {
        joined.add(item.lobby)
        await (inviting.has(item.lobby)
          ? node.got('invited', ({ lobby }) => lobby.id === item.lobby)
          : node.got('lobby', ({ lobby }) => lobby.id === item.lobby))
        node.network.send({ kind: 'join', lobby: item.lobby })
      }
      // In a signed lobby nobody is heard before being known; who has spoken before is asked for.
      const mustBeKnown = (flags & LOBBY_FLAG.signed) !== 0
      const isKnown = spoken.has(item.author) && peer.hasRecord(item.author)
      if (isKnown) await peer.served(item.author)
      spoken.add(item.author)
      if (item.kind === 'lobby-message' && (isKnown || !mustBeKnown))
        expected.set(item.messageId, { text: item.text, nick: item.nick })
    })
    for (const author of spoken) if (peer.hasRecord(author)) await peer.served(author)

    await allHeard()
    await showsAvatar()
    for (const text of toOperators) await node.got('friend-said', (said) => said.text === text)
    const heard = node.updates.flatMap((update) => (update.kind === 'said' ? [update] : []))
    expect(heard.map(({ messageId }) => messageId)).toEqual([...expected.keys()])
    expect(heard.map(({ text, nick }) => ({ text, nick }))).toEqual([...expected.values()])
    expect(expected.size).toBeGreaterThan(0)
    const counters = node.network.counters()
    expect(counters).toMatchObject({
      signatures_bad: 0,
      records_refused: 0,
      records_taken: part.records.size,
    })
    expect((counters.signatures_good ?? 0) + (counters.signatures_unknown ?? 0)).toBeGreaterThan(
      expected.size - 1,
    )
    expect(node.network.snapshot().friends[0]).toMatchObject({ isOnline: true })
  },
  40_000,
)
