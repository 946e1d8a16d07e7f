/** What clients want to be notified of: asked of each version of a client once. XEP-0115 §5.4 and §6.2, XEP-0060 §9.2. */
import { createHash } from 'node:crypto'
import { NS } from '../stanza/ns.ts'
import { childOf, detached, type Element, el, elements } from '../stanza/xml.ts'
import { ExpiringMap } from '../util/expiring-map.ts'
import type { Session } from './session.ts'

const NOTIFY = '+notify'
/** Nodes that one client is notified of. */
const MAX_INTERESTS = 64
const MAX_NODE_CHARACTERS = 256
/** Versions of clients that are remembered, and for how long after they were asked. */
const MAX_VERSIONS = 1_000
const VERSION_MEMORY_MS = 86_400_000

/** A version as the client claims it: it is this only if the hash of what it tells is the same. */
interface Claim {
  readonly hash: string
  readonly ver: string
}

/** Sees presence and the answers to what it asked; one question is open per session at most. */
export class Capabilities {
  readonly #now: () => number
  readonly #known = new ExpiringMap<string, ReadonlySet<string>>(VERSION_MEMORY_MS, MAX_VERSIONS)
  readonly #asked = new WeakMap<Session, Claim & { readonly id: string }>()
  readonly #shown = new WeakMap<Session, string>()
  #lastId = 0

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Takes presence without an address. Returns the nodes that the session is now notified of, if that is known and new;
   * else it may ask the session, and `answered` will tell.
   */
  presence(session: Session, presence: Element): ReadonlySet<string> | undefined {
    const caps = childOf(presence, 'c', NS.caps)
    const { ver = '', hash = '', node = '' } = caps?.attrs ?? {}
    if (ver === '' || node === '' || this.#shown.get(session) === ver) return undefined
    this.#shown.set(session, detached(ver))
    const known = this.#known.get(keyOf({ hash, ver }), this.#now())
    if (known) return known
    const id = `caps-${++this.#lastId}`
    this.#asked.set(session, { id, hash: detached(hash), ver: detached(ver) })
    session.reply(
      el(
        'iq',
        { type: 'get', id, from: session.jid.bare, to: session.full },
        el('query', { xmlns: NS.discoInfo, node: `${node}#${ver}` }),
      ),
    )
    return undefined
  }

  /** Takes a result or error of a session; the nodes that it is notified of, if this is the answer. */
  answered(session: Session, iq: Element): ReadonlySet<string> | undefined {
    const asked = this.#asked.get(session)
    if (!asked || iq.attrs.id !== asked.id) return undefined
    this.#asked.delete(session)
    const query = iq.attrs.type === 'result' ? childOf(iq, 'query', NS.discoInfo) : undefined
    if (!query) return undefined
    const interests = interestsOf(query)
    if (verify(query, asked)) this.#known.set(keyOf(asked), interests, this.#now())
    return interests
  }
}

const keyOf = ({ hash, ver }: Claim): string => detached(`${hash} ${ver}`)

function interestsOf(query: Element): ReadonlySet<string> {
  const nodes = new Set<string>()
  for (const feature of elements(query)) {
    const name: unknown = feature.attrs.var
    if (nodes.size >= MAX_INTERESTS) break
    if (feature.getName() !== 'feature' || typeof name !== 'string' || !name.endsWith(NOTIFY)) continue
    const node = name.slice(0, -NOTIFY.length)
    if (node !== '' && node.length <= MAX_NODE_CHARACTERS) nodes.add(detached(node))
  }
  return nodes
}

const HASHES = new Set(['sha-1', 'sha-256', 'sha-512'])

/** XEP-0115 §5.4: only what hashes to the version may be taken for other clients of that version. */
function verify(query: Element, { hash, ver }: Claim): boolean {
  if (!HASHES.has(hash)) return false
  return createHash(hash.replace('-', '')).update(verificationString(query)).digest('base64') === ver
}

const sorted = (texts: readonly string[]): string[] =>
  [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

/** XEP-0115 §5.1. */
function verificationString(query: Element): string {
  const children = elements(query)
  const named = (name: string): Element[] => children.filter((child) => child.getName() === name)
  const identities = named('identity').map(({ attrs }) =>
    [attrs.category, attrs.type, attrs['xml:lang'], attrs.name].map((part) => part ?? '').join('/'),
  )
  const features = named('feature').map(({ attrs }) => String(attrs.var ?? ''))
  const forms = named('x').map((form) => {
    const fields = elements(form).map((field) => ({
      name: String(field.attrs.var ?? ''),
      values: sorted(
        elements(field)
          .filter((value) => value.getName() === 'value')
          .map((value) => value.getText()),
      ),
    }))
    const type = fields.find(({ name }) => name === 'FORM_TYPE')?.values[0] ?? ''
    const others = fields.filter(({ name }) => name !== 'FORM_TYPE')
    return [type, ...sorted(others.map(({ name, values }) => [name, ...values].join('<')))].join('<')
  })
  return [...sorted(identities), ...sorted(features), ...sorted(forms)].map((part) => `${part}<`).join('')
}
