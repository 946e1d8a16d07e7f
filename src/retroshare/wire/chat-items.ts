/** Items of the chat service, 0x0012: lobbies and private messages. Source: docs/retroshare.md §6.1 to §6.3. */
import { type ByteReader, ByteWriter } from '../../util/bytes.ts'
import type { LobbyId } from '../../util/ids.ts'
import { itemBytes } from './header.ts'
import { type Bounce, type BouncedItem, type ChatItem, type LobbyListEntry, SERVICE } from './item.ts'
import { keySignatureTlv, readKeySignature } from './key-signature.ts'
import { block, idBytes, readBlock, readBytesTlv, readTextTlv, TLV, textTlv, tlv } from './tlv.ts'

const SUBTYPE = {
  privateMessage: 0x01,
  avatar: 0x03,
  statusString: 0x04,
  challenge: 0x09,
  unsubscribe: 0x0a,
  listRequest: 0x0d,
  message: 0x17,
  event: 0x18,
  list: 0x19,
  inviteOld: 0x1a,
  invite: 0x1b,
  avatarInfo: 0x1e,
} as const

export function encodeChatItem(item: ChatItem): Uint8Array {
  switch (item.kind) {
    case 'lobby-message':
    case 'lobby-event':
      return bouncedBytes(item, keySignatureTlv(item))
    case 'lobby-challenge':
      return chat(SUBTYPE.challenge, idBytes(item.code, 8))
    case 'lobby-unsubscribe':
      return chat(SUBTYPE.unsubscribe, idBytes(item.lobby, 8))
    case 'lobby-list-request':
      return chat(SUBTYPE.listRequest, new Uint8Array())
    case 'lobby-list': {
      const body = new ByteWriter().u32(item.lobbies.length)
      for (const { lobby, name, topic, participants, flags } of item.lobbies)
        writeLobby(body, lobby, name, topic).u32(participants).u32(flags)
      return chat(SUBTYPE.list, body.finish())
    }
    case 'lobby-invite':
      return chat(
        SUBTYPE.invite,
        writeLobby(new ByteWriter(), item.lobby, item.name, item.topic).u32(item.flags).finish(),
      )
    case 'lobby-invite-old':
      return chat(
        SUBTYPE.inviteOld,
        new ByteWriter()
          .bytes(idBytes(item.lobby, 8))
          .bytes(textTlv(TLV.name, item.name))
          .u32(item.flags)
          .finish(),
      )
    case 'private-message':
      return chat(
        SUBTYPE.privateMessage,
        new ByteWriter().u32(item.flags).u32(item.sentAtSec).bytes(tlv(TLV.message, item.text)).finish(),
      )
    case 'avatar':
      return chat(SUBTYPE.avatar, block(item.image))
    case 'status-string':
      return chat(
        SUBTYPE.statusString,
        new ByteWriter().u32(item.flags).bytes(textTlv(TLV.message, item.text)).finish(),
      )
    case 'avatar-info':
      return chat(SUBTYPE.avatarInfo, new ByteWriter().u32(item.atSec).finish())
  }
}

/**
 * What the author signs: the item without its signature field, the size in the header reduced to match.
 * Source: docs/retroshare.md §6.3.
 */
export function signedBytes(item: BouncedItem): Uint8Array {
  return bouncedBytes(item, new Uint8Array())
}

/** Reads the body of a chat item; `undefined` for a subtype that Foyer does not know. */
export function decodeChatItem(subtype: number, body: ByteReader): ChatItem | undefined {
  switch (subtype) {
    case SUBTYPE.message: {
      const flags = body.u32()
      const sentAtSec = body.u32()
      const text = readTextTlv(body, TLV.message)
      const parent = body.hex(8)
      return { kind: 'lobby-message', flags, sentAtSec, text, parent, ...readBounce(body) }
    }
    case SUBTYPE.event: {
      const event = body.u8()
      const text = readTextTlv(body, TLV.name)
      const sentAtSec = body.u32()
      return { kind: 'lobby-event', event, text, sentAtSec, ...readBounce(body) }
    }
    case SUBTYPE.challenge:
      return { kind: 'lobby-challenge', code: body.hex(8) }
    case SUBTYPE.unsubscribe:
      return { kind: 'lobby-unsubscribe', lobby: readLobbyId(body) }
    case SUBTYPE.listRequest:
      return { kind: 'lobby-list-request' }
    case SUBTYPE.list: {
      const lobbies: LobbyListEntry[] = []
      for (let left = body.u32(); left > 0; left--)
        lobbies.push({ ...readLobby(body), participants: body.u32(), flags: body.u32() })
      return { kind: 'lobby-list', lobbies }
    }
    case SUBTYPE.invite:
      return { kind: 'lobby-invite', ...readLobby(body), flags: body.u32() }
    case SUBTYPE.inviteOld: {
      const lobby = readLobbyId(body)
      const name = readTextTlv(body, TLV.name)
      return { kind: 'lobby-invite-old', lobby, name, flags: body.u32() }
    }
    case SUBTYPE.privateMessage: {
      const flags = body.u32()
      const sentAtSec = body.u32()
      return { kind: 'private-message', flags, sentAtSec, text: readBytesTlv(body, TLV.message) }
    }
    case SUBTYPE.avatar:
      return { kind: 'avatar', image: readBlock(body) }
    case SUBTYPE.statusString: {
      const flags = body.u32()
      return { kind: 'status-string', flags, text: readTextTlv(body, TLV.message) }
    }
    case SUBTYPE.avatarInfo:
      return { kind: 'avatar-info', atSec: body.u32() }
    default:
      return undefined
  }
}

const chat = (subtype: number, body: Uint8Array): Uint8Array => itemBytes(SERVICE.chat, subtype, body)

/** `u64 lobby | u64 message id | nick | signature` ends both; `signature` is empty in what is signed. */
function bouncedBytes(item: BouncedItem, signature: Uint8Array): Uint8Array {
  const body = new ByteWriter()
  if (item.kind === 'lobby-message')
    body
      .u32(item.flags)
      .u32(item.sentAtSec)
      .bytes(textTlv(TLV.message, item.text))
      .bytes(idBytes(item.parent, 8))
  else body.u8(item.event).bytes(textTlv(TLV.name, item.text)).u32(item.sentAtSec)
  body
    .bytes(idBytes(item.lobby, 8))
    .bytes(idBytes(item.messageId, 8))
    .bytes(textTlv(TLV.name, item.nick))
    .bytes(signature)
  return chat(item.kind === 'lobby-message' ? SUBTYPE.message : SUBTYPE.event, body.finish())
}

function readBounce(body: ByteReader): Bounce {
  const lobby = readLobbyId(body)
  const messageId = body.hex(8)
  const nick = readTextTlv(body, TLV.name)
  return { lobby, messageId, nick, ...readKeySignature(body) }
}

const readLobbyId = (body: ByteReader): LobbyId => body.hex(8) as LobbyId

function writeLobby(body: ByteWriter, lobby: LobbyId, name: string, topic: string): ByteWriter {
  return body.bytes(idBytes(lobby, 8)).bytes(textTlv(TLV.name, name)).bytes(textTlv(TLV.name, topic))
}

function readLobby(body: ByteReader): { lobby: LobbyId; name: string; topic: string } {
  const lobby = readLobbyId(body)
  const name = readTextTlv(body, TLV.name)
  return { lobby, name, topic: readTextTlv(body, TLV.name) }
}
