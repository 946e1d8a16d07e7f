/** Real nodes on loopback for tests: identities, friends that record what happens, and waiting for it. */
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import {
  loadOrCreateNodeIdentity,
  type NodeIdentity,
} from '../../../../src/retroshare/identity/node-identity.ts'
import type { FriendRecord, FriendStore } from '../../../../src/retroshare/peer/friend-store.ts'
import { Friends } from '../../../../src/retroshare/peer/friends.ts'
import type { CloseReason } from '../../../../src/retroshare/peer/link.ts'
import type { LinkInfo } from '../../../../src/retroshare/peer/session.ts'
import type { Timings } from '../../../../src/retroshare/peer/timings.ts'
import { SLICE_PROBE } from '../../../../src/retroshare/wire/framer.ts'
import { itemBytes } from '../../../../src/retroshare/wire/header.ts'
import type { Endpoint, Invite } from '../../../../src/retroshare/wire/invite.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import type { FriendId } from '../../../../src/util/ids.ts'

/** A new identity with small keys. */
export async function makeIdentity(name: string): Promise<NodeIdentity> {
  const dir = await mkdtemp(join(tmpdir(), 'identity-'))
  try {
    return await loadOrCreateNodeIdentity(dir, name, { profileBits: 2048 })
  } finally {
    await rm(dir, { recursive: true })
  }
}

export const longInvite = (identity: NodeIdentity, addresses: readonly Endpoint[] = []): Invite => ({
  form: 'long',
  sslId: identity.sslId,
  name: identity.profile.name,
  location: identity.location,
  pgpKey: identity.profile.publicKey,
  addresses,
})

export const shortInvite = (identity: NodeIdentity, addresses: readonly Endpoint[] = []): Invite => ({
  form: 'short',
  sslId: identity.sslId,
  name: identity.profile.name,
  location: '',
  pgpFingerprint: identity.profile.fingerprint,
  addresses,
})

export function memoryStore(records: readonly FriendRecord[] = []): FriendStore & { saved: FriendRecord[] } {
  const store = {
    name: 'memory',
    saved: [...records],
    load: async () => [...store.saved],
    save: async (all: readonly FriendRecord[]) => {
      store.saved = [...all]
    },
  }
  return store
}

/** An item of the chat service that carries a number and `size` bytes in all. */
export function numbered(number: number, size = 12): Uint8Array {
  const body = new Uint8Array(size - 8)
  new DataView(body.buffer).setUint32(0, number)
  return itemBytes(0x0012, 0x17, body)
}

export const numberOf = (item: Uint8Array): number => new DataView(item.buffer, item.byteOffset).getUint32(8)

export const HEARTBEAT = itemBytes(0x0016, 0x01, new Uint8Array(0))

/** A node that is running, and all that it was told. */
export interface TestNode {
  readonly friends: Friends
  readonly identity: NodeIdentity
  readonly store: ReturnType<typeof memoryStore>
  readonly address: Endpoint
  readonly ups: { friend: FriendId; link: LinkInfo }[]
  readonly downs: { friend: FriendId; reason: CloseReason }[]
  /** Without slice probes. */
  readonly items: { friend: FriendId; bytes: Uint8Array }[]
  readonly changes: FriendId[]
  readonly logged: { msg: string; code?: string; level: number }[]
  /** Resolves as soon as `holds` does, which is asked after each event. */
  until(holds: () => boolean): Promise<void>
}

export interface TestNodeOptions {
  readonly store?: ReturnType<typeof memoryStore>
  readonly port?: number
  readonly timings?: Partial<Timings>
  readonly onItem?: (friend: FriendId, bytes: Uint8Array) => void
}

/** Short pauses for tests, still in the right proportions. */
const FAST: Partial<Timings> = { firstRedialMs: 20, maxRedialMs: 200, deferMs: 20, closeMs: 500 }

export async function startNode(identity: NodeIdentity, options: TestNodeOptions = {}): Promise<TestNode> {
  const happened = new EventEmitter()
  happened.setMaxListeners(0)
  const tell = (): boolean => happened.emit('event')
  const logged: TestNode['logged'] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => logged.push(JSON.parse(line)) })
  const store = options.store ?? memoryStore()
  const probe = toHex(SLICE_PROBE)
  const record: Pick<TestNode, 'ups' | 'downs' | 'items' | 'changes'> = {
    ups: [],
    downs: [],
    items: [],
    changes: [],
  }
  const friends = new Friends({
    identity,
    listen: { host: '127.0.0.1', port: options.port ?? 0 },
    store,
    log,
    timings: { ...FAST, ...options.timings },
    handlers: {
      onUp: (friend, link) => {
        record.ups.push({ friend, link })
        tell()
      },
      onItem: (friend, bytes) => {
        if (toHex(bytes) === probe) return
        record.items.push({ friend, bytes })
        options.onItem?.(friend, bytes)
        tell()
      },
      onDown: (friend, reason) => {
        record.downs.push({ friend, reason })
        tell()
      },
      onChange: (friend) => {
        record.changes.push(friend)
        tell()
      },
    },
  })
  const { port } = await friends.start()
  running.add(friends)
  return {
    friends,
    identity,
    store,
    address: { host: '127.0.0.1', port },
    logged,
    ...record,
    until: async (holds) => {
      // Counters and logs change without an event, so the state is looked at now and then as well.
      const timer = setInterval(tell, 10)
      try {
        while (!holds()) await once(happened, 'event')
      } finally {
        clearInterval(timer)
      }
    },
  }
}

const running = new Set<Friends>()

/** For `afterEach`. */
export async function stopNodes(): Promise<void> {
  await Promise.all([...running].map((friends) => friends.stop()))
  running.clear()
}

export const isUp = (node: TestNode, other: { readonly sslId: FriendId }): boolean =>
  node.friends.get(other.sslId)?.link !== undefined

/** Makes both friends of each other; `a` dials. */
export async function befriend(a: TestNode, b: TestNode): Promise<void> {
  await b.friends.add(longInvite(a.identity))
  await a.friends.add(longInvite(b.identity, [b.address]))
  await Promise.all([a.until(() => isUp(a, b.identity)), b.until(() => isUp(b, a.identity))])
}
