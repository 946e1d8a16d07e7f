// A whole RetroShare node on loopback in a temporary folder, whose updates can be awaited.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { LobbyUpdate } from '../../src/lobby/lobby.ts'
import type { LobbyNetwork } from '../../src/lobby/network.ts'
import { NODE_IDENTITY_FILE } from '../../src/retroshare/identity/node-identity.ts'
import { createRetroShareNetwork } from '../../src/retroshare/network.ts'
import type { LobbyId, SpeakerId } from '../../src/util/ids.ts'

type Kind = LobbyUpdate['kind']
type Of<K extends Kind> = Extract<LobbyUpdate, { kind: K }>

const LIMIT_MS = 15_000
/** Keys of nodes by name, so that they are made once and not for each test. */
const madeKeys = new Map<string, string>()

export class TestNode {
  readonly name: string
  readonly dir: string
  updates: LobbyUpdate[] = []
  /** Hears of each update when it comes. */
  onEach: (update: LobbyUpdate) => void = () => undefined
  network: LobbyNetwork
  port = 0
  readonly #watchers = new Set<() => void>()

  readonly #now: () => number

  private constructor(name: string, dir: string, now: () => number) {
    this.name = name
    this.dir = dir
    this.#now = now
    this.network = this.#make()
  }

  /** `now`: another time than the real one, for recordings. */
  static async start(name: string, now: () => number = Date.now): Promise<TestNode> {
    const dir = await mkdtemp(join(tmpdir(), `foyer-${name}-`))
    const file = join(dir, NODE_IDENTITY_FILE)
    const keys = madeKeys.get(name)
    if (keys) await writeFile(file, keys)
    const node = new TestNode(name, dir, now)
    node.port = (await node.network.start()).port
    madeKeys.set(name, await readFile(file, 'utf8'))
    return node
  }

  /** Stops and starts anew with what is on disk, at the same port. */
  async startAgain(): Promise<void> {
    this.updates = []
    this.network = this.#make()
    await this.network.start()
  }

  async end(): Promise<void> {
    await this.network.stop()
    await rm(this.dir, { recursive: true, force: true })
  }

  /** The first update of a kind that fits, past or to come. */
  async got<K extends Kind>(kind: K, fits: (update: Of<K>) => boolean = () => true): Promise<Of<K>> {
    const find = (): Of<K> | undefined =>
      this.updates.find((update): update is Of<K> => update.kind === kind && fits(update as Of<K>))
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look)
        reject(
          new Error(`${this.name} never got ${kind} ${fits}; got ${JSON.stringify(this.updates, null, 1)}`),
        )
      }, LIMIT_MS)
      const look = (): void => {
        const found = find()
        if (!found) return
        clearTimeout(timer)
        this.#watchers.delete(look)
        resolve(found)
      }
      this.#watchers.add(look)
      look()
    })
  }

  said(text: string): Promise<Of<'said'>> {
    return this.got('said', (update) => update.text === text)
  }

  /** Texts heard so far, in order. */
  get heard(): string[] {
    return this.updates.flatMap((update) => (update.kind === 'said' ? [update.text] : []))
  }

  async online(friend: TestNode): Promise<void> {
    const { id } = friend.network.snapshot().self
    await this.got('friend', (update) => update.friend.id === id && update.friend.isOnline)
  }

  enter(lobby: LobbyId, nick: string, isKept = false): void {
    const speaker = nick as SpeakerId
    this.network.send({ kind: 'enter', lobby, speaker, nick, isKept })
  }

  say(lobby: LobbyId, nick: string, text: string): void {
    this.network.send({ kind: 'say', lobby, speaker: nick as SpeakerId, text, ref: text })
  }

  #make(): LobbyNetwork {
    return createRetroShareNetwork({
      dir: this.dir,
      name: this.name,
      listen: { host: '127.0.0.1', port: this.port },
      advertise: null,
      log: pino({ level: process.env.TEST_LOG ?? 'silent', name: this.name }),
      profileBits: 2048,
      now: this.#now,
      timings: { firstRedialMs: 100 },
      onUpdate: (update) => {
        this.updates.push(update)
        this.onEach(update)
        for (const look of [...this.#watchers]) look()
      },
    })
  }
}

/** Makes friends of two nodes by invites of the given form, and waits for the link. */
export async function befriend(a: TestNode, b: TestNode, form: 'short' | 'long' = 'long'): Promise<void> {
  await a.network.addFriend(b.network.invite(form))
  await b.network.addFriend(a.network.invite(form))
  await Promise.all([a.online(b), b.online(a)])
}
