/** What the Ethora chat component sends and expects beside XMPP: docs/ethora.md. Elements alone, nothing of rooms. */
import { NS } from './ns.ts'
import { childOf, type Element, el, elements } from './xml.ts'

/** Ids of joins and of archive queries of every version of the component; other clients use no such ids. */
const ETHORA_ID = /^(?:presenceInRoom(?:-|$)|get-history:|GetArchive$)/

/** Whether a join or an archive query is the component's: what it gets is then made for it. */
export const isFromEthora = (stanza: Element): boolean => ETHORA_ID.test(String(stanza.attrs.id ?? ''))

/** The component takes a room that it has just made with an empty form, and names the room with a second one. */
export const isEthoraClaim = (iq: Element): boolean => /^set-me-as-owner:/.test(String(iq.attrs.id ?? ''))

/** Namespaces of stanzas: of those of clients, of those of components, and of those that are only being made. */
const OF_STANZAS: ReadonlySet<string | null | undefined> = new Set([undefined, null, NS.client, NS.component])

/** Whether `child` is called `name` and has no namespace but that of stanzas. */
export const isPlain = (child: Element, name: string): boolean =>
  child.name === name && OF_STANZAS.has(child.getNS())

/** The child that is called so and has no namespace but that of stanzas. */
export const plainChild = (stanza: Element, name: string): Element | undefined =>
  elements(stanza).find((child) => isPlain(child, name))

/**
 * Whether `child` is what the component adds to messages: who wrote them, and what they are. The address of its
 * WebSocket is the namespace of what goes with texts.
 */
export const isEthoraData = (child: Element): boolean =>
  isPlain(child, 'data') || (child.name === 'data' && /^wss?:/.test(child.getNS() ?? ''))

/** What the component adds to its messages. */
export const ethoraData = (stanza: Element): Element | undefined => elements(stanza).find(isEthoraData)

/** What in `data` is for its sender to say. The rest is the room's, or would stand for other parts of the message. */
const SAYABLE: ReadonlySet<string> = new Set(
  (
    'xmlns photo photoURL quickReplies notDisplayedValue showInChannel isReply mainMessage push receiverMessageId mucname ' +
    'isMediafile createdAt expiresAt fileName isVisible location locationPreview mimetype originalName ownerKey size ' +
    'duration updatedAt userId waveForm attachmentId'
  ).split(' '),
)

/** Attributes of `data` that its sender may say. */
export const sayableIn = ({ attrs }: Element): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(attrs).filter(([name]) => SAYABLE.has(name)))

/** What the component takes for the room's or its server's word, in whatever namespace it stands. */
const OF_ROOM: ReadonlySet<string> = new Set([
  'archived',
  'chat-update',
  'data',
  'delete',
  'deleted',
  'event',
  'reactions',
  'replace',
  'result',
  'stanza-id',
  'translations',
  'user-update',
])

/** Whether the component may get `child` as somebody sent it: it looks at names and `xmlns`, and knows no prefixes. */
export const isHarmless = (child: Element): boolean =>
  !child.name.includes(':') && !OF_ROOM.has(child.name) && (child.name !== 'body' || isPlain(child, 'body'))

/**
 * Whether a message with this id changes others for the component: it is taken for an edit, a delete or a reaction, or
 * replaces the message whose id in the archive it is.
 */
export const isIdOfChange = (id: unknown): boolean =>
  /^deleteMessageStanza$|edit-message|message-reaction|^\d{16}$/.test(String(id))

/** A change of an earlier message, named by its stanza-id. */
export type EthoraChange =
  | { readonly kind: 'edit'; readonly id: string; readonly text: string; readonly element: Element }
  | { readonly kind: 'delete'; readonly id: string; readonly element: Element }

/** The change that a message of the component asks for; undefined for nearly all messages. */
export function ethoraChange(stanza: Element): EthoraChange | undefined {
  const replace = plainChild(stanza, 'replace')
  const { id, text } = replace?.attrs ?? {}
  if (replace && typeof id === 'string' && typeof text === 'string' && text.trim() !== '')
    return { kind: 'edit', id, text, element: replace }
  const remove = plainChild(stanza, 'delete')
  return remove && typeof remove.attrs.id === 'string'
    ? { kind: 'delete', id: remove.attrs.id, element: remove }
    : undefined
}

/** Stanza-id of the message that `data` answers (attribute `mainMessage`, a JSON object); undefined when it answers none. */
export function answeredIn(data: Element): string | undefined {
  const { isReply, mainMessage } = data.attrs
  if (isReply !== 'true' || typeof mainMessage !== 'string') return undefined
  const id = /"id"\s*:\s*"?(\d{16})\b/.exec(mainMessage)?.[1]
  return id
}

/** Where the file is that a message shows; undefined when it shows none, or not at an address of the web. */
export function fileIn(data: Element): string | undefined {
  const { isMediafile, location } = data.attrs
  const isUrl = typeof location === 'string' && /^https?:\/\/\S+$/.test(location) && URL.canParse(location)
  return isMediafile === 'true' && isUrl ? location : undefined
}

/** Who wrote a message, as the component wants to know it. */
export interface EthoraAuthor {
  readonly nick: string
  /** Bare JID that stands for the author; need not be real. */
  readonly jid: string
}

/** The name of the account that versions 24 and 25 make of the address of a wallet. */
const nameOfWallet = (address: string): string => address.replace(/[A-Z]/g, '_$&').toLowerCase()

/** By its wallet version 24 knows whose a message is: that in `data` if the author's name is made of it, or the nick. */
export const walletOf = ({ nick }: EthoraAuthor, { attrs }: Element): string =>
  nameOfWallet(String(attrs.senderWalletAddress)) === nick ? String(attrs.senderWalletAddress) : nick

/** A character of no width: version 24 shows the first one of both names, and drops messages of people without a second. */
const NOTHING_TO_SEE = '\u200B'

/** The names that the component asks for: both must be there. */
function namesOf(nick: string): { readonly senderFirstName: string; readonly senderLastName: string } {
  const [, first = nick, last = ''] = /^(\S+)\s+(.*\S)\s*$/u.exec(nick) ?? []
  return { senderFirstName: first, senderLastName: last || NOTHING_TO_SEE }
}

/** `<data/>` with who wrote a message, and more attributes. */
export const dataElement = (
  { nick, jid }: EthoraAuthor,
  more: Readonly<Record<string, string | undefined>> = {},
): Element =>
  el('data', {
    ...namesOf(nick),
    fullName: nick,
    senderJID: jid,
    senderWalletAddress: nick,
    isSystemMessage: 'false',
    tokenAmount: '0',
    ...more,
  })

/** The mark of an archived message that version 24 of the component reads. */
export const archivedElement = (by: string, id: string): Element =>
  el('archived', { xmlns: NS.archived, by, id })

/** Reactions as the component has them: by short names, with who reacts. */
export const ethoraReactions = (target: string, by: string, codes: readonly string[]): Element =>
  el(
    'reactions',
    { xmlns: NS.reactions, id: target, from: by },
    ...codes.map((code) => el('reaction', {}, code)),
  )

/** Texts of the reactions in a message; undefined when it has no `<reactions/>`. */
export function reactionsIn(
  message: Element,
): { readonly target: string; readonly texts: readonly string[] } | undefined {
  const reactions = childOf(message, 'reactions', NS.reactions)
  if (!reactions) return undefined
  const texts = elements(reactions).map((reaction) => reaction.getText().trim())
  return { target: String(reactions.attrs.id ?? ''), texts: texts.filter((text) => text !== '') }
}

/** The service or the room that a request of the component without an address is for; undefined for all others. */
export function meantFor(iq: Element, service: string): string | undefined {
  if (iq.name !== 'iq' || (iq.attrs.type !== 'get' && iq.attrs.type !== 'set')) return undefined
  const [query] = elements(iq)
  switch (query?.getName() === 'query' ? query.getNS() : undefined) {
    case NS.userRooms:
      return service
    case NS.roomMembers:
    case NS.roomPictures:
      return String(query?.attrs.room ?? '') || service
    default:
      return undefined
  }
}
