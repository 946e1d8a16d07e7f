/** What the CLI can ask of a running gateway: one function per command of docs/operating.md. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Archive } from '../archive/archive.ts'
import type { FileStore } from '../archive/file-store.ts'
import { parseFriendLocalpart } from '../bridge/friend-address.ts'
import type { LobbyInfo } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import type { ArchiveEntry } from '../muc/archive-port.ts'
import { normalizeLocal } from '../stanza/jid.ts'
import { GatewayError } from '../util/errors.ts'
import type { FriendId, LobbyId, NetworkId } from '../util/ids.ts'
import type { AccountStore } from '../xmpp/account-port.ts'
import { makeCredentials } from '../xmpp/scram.ts'
import { BAR_COMMANDS } from './bar-commands.ts'
import { friendView, invitationViews, lobbyView } from './map.ts'
import type { Rooms } from './rooms.ts'
import type { GatewayStatus } from './status.ts'

export interface CommandContext {
  readonly networks: ReadonlyMap<NetworkId, LobbyNetwork>
  readonly rooms: Rooms
  readonly archive: Archive
  /** Pictures of lobbies, and what users uploaded. */
  readonly files: readonly FileStore[]
  readonly accounts: AccountStore
  /** Ends the sessions of an account (localpart), with a text for its user. */
  endSessions(account: string, text: string): void
  /** Messages older than this are pruned; 0 keeps all. */
  retentionMs(): number
  status(): Promise<GatewayStatus>
  nowMs(): number
  /** What the presence map shows has changed without an update of a network. */
  onChange(): void
}

type Args = Readonly<Record<string, unknown>>
type Handler = (context: CommandContext, args: Args) => Promise<unknown>

/** Entries of one page of an export. */
const EXPORT_PAGE = 1000
const PRUNE_BATCH = 100

const HANDLERS: Readonly<Record<string, Handler>> = {
  status: (context) => context.status(),
  invite: async (context, args) => firstNetwork(context).invite(args.long === true ? 'long' : 'short'),
  'friend add': async (context, args) =>
    friendView(await firstNetwork(context).addFriend(text(args, 'invite'))),
  'friend list': async (context) =>
    [...context.networks.values()].flatMap((network) => network.snapshot().friends.map(friendView)),
  'friend remove': removeFriend,
  ...BAR_COMMANDS,
  'lobby list': async (context) =>
    [...context.networks.values()].flatMap((network) =>
      network.snapshot().lobbies.map((lobby) => lobbyView(lobby, context.rooms.addressOf(lobby.id))),
    ),
  'lobby invites': async (context) =>
    [...context.networks.values()].flatMap((network) =>
      invitationViews(network, network.snapshot().invitations, context.rooms),
    ),
  'lobby decline': declineLobby,
  'lobby create': createLobby,
  'lobby join': joinLobby,
  'lobby leave': async (context, args) => {
    const { network, lobby } = findLobby(context, text(args, 'id'))
    network.send({ kind: 'leave', lobby: lobby.id })
    await network.flush()
  },
  'lobby alias': aliasLobby,
  'user add': async (context, args) => putUser(context, args, false),
  'user passwd': async (context, args) => putUser(context, args, true),
  'user list': (context) => context.accounts.list(),
  'user remove': async (context, args) => {
    const name = accountName(args)
    if (!(await context.accounts.remove(name)))
      throw new GatewayError('NO_SUCH_USER', `there is no account ${name}`)
    context.endSessions(name, 'The account was removed.')
  },
  'archive export': exportArchive,
  'archive prune': (context) => prune(context),
}

/** Carries out one command; rejects with a `GatewayError` whose message is meant for the operator. */
export async function runCommand(context: CommandContext, command: string, args: Args): Promise<unknown> {
  const handler = Object.hasOwn(HANDLERS, command) ? HANDLERS[command] : undefined
  if (!handler) throw new GatewayError('ADMIN_REQUEST', `there is no command ${command}`)
  return handler(context, args)
}

/**
 * Removes what is past its retention: messages, a batch in each turn of the event loop, then files. Then what waits to
 * be tidied. How many messages.
 */
export async function prune(
  context: Pick<CommandContext, 'archive' | 'files' | 'retentionMs' | 'nowMs'>,
): Promise<number> {
  const retentionMs = context.retentionMs()
  const removed = retentionMs === 0 ? 0 : await pruneBefore(context, context.nowMs() - retentionMs)
  while (await context.archive.tidy()) await nextTurn()
  return removed
}

async function pruneBefore(
  { archive, files }: Pick<CommandContext, 'archive' | 'files'>,
  beforeMs: number,
): Promise<number> {
  let total = 0
  for (;;) {
    const removed = await archive.prune(beforeMs, PRUNE_BATCH)
    total += removed
    if (removed < PRUNE_BATCH) break
    await nextTurn()
  }
  for (const store of files) store.prune(beforeMs)
  return total
}

function text(args: Args, name: string): string {
  const value = args[name]
  if (typeof value !== 'string' || value.trim() === '')
    throw new GatewayError('ADMIN_REQUEST', `${name} is missing or empty`)
  return value.trim()
}

function firstNetwork(context: CommandContext): LobbyNetwork {
  const network = context.networks.values().next().value
  if (!network) throw new GatewayError('NO_NETWORK', 'no lobby network is turned on in the configuration')
  return network
}

async function removeFriend(context: CommandContext, args: Args): Promise<void> {
  const id = text(args, 'id').toLowerCase() as FriendId
  for (const network of context.networks.values()) if (await network.removeFriend(id)) return
  throw new GatewayError('NO_SUCH_FRIEND', `there is no friend ${id}; \`foyer friend list\` shows all`)
}

async function createLobby(context: CommandContext, args: Args): Promise<LobbyId> {
  const wanted = text(args, 'network')
  const network = context.networks.get(wanted as NetworkId)
  if (!network) throw new GatewayError('NO_NETWORK', `there is no network ${wanted} here`)
  const { id } = network.create({
    name: text(args, 'name'),
    topic: typeof args.topic === 'string' ? args.topic : '',
    isPrivate: args.private === true,
    isSigned: args.signed === true,
  })
  await network.flush()
  return id
}

/** A lobby not seen yet is joined as soon as it is. */
async function joinLobby(context: CommandContext, args: Args): Promise<void> {
  const id = lobbyId(args)
  const network = firstNetwork(context)
  network.send({ kind: 'join', lobby: id })
  await network.flush()
}

async function declineLobby(context: CommandContext, args: Args): Promise<void> {
  const id = lobbyId(args)
  for (const network of context.networks.values())
    if (network.snapshot().invitations.some(({ lobby }) => lobby.id === id)) {
      network.send({ kind: 'decline', lobby: id })
      context.onChange()
      return
    }
  throw new GatewayError(
    'NO_SUCH_INVITATION',
    `nobody invites to lobby ${id}; \`foyer lobby invites\` shows all`,
  )
}

async function aliasLobby(context: CommandContext, args: Args): Promise<void> {
  const { lobby } = findLobby(context, text(args, 'id'))
  const alias = normalizeLocal(text(args, 'alias'))
  const row = context.rooms.rowOf(lobby.id)
  if (alias === undefined || parseFriendLocalpart(alias))
    throw new GatewayError('BAD_NAME', `${text(args, 'alias')} cannot be part of an address`)
  if (!row || !(await context.rooms.alias(row, alias)))
    throw new GatewayError('NAME_TAKEN', `${alias} is the name of another room`)
}

function lobbyId(args: Args): LobbyId {
  const id = text(args, 'id').toLowerCase()
  if (!/^[0-9a-f]{16}$/.test(id)) throw new GatewayError('BAD_LOBBY_ID', `expected 16 hex digits, not ${id}`)
  return id as LobbyId
}

function findLobby(context: CommandContext, id: string): { network: LobbyNetwork; lobby: LobbyInfo } {
  for (const network of context.networks.values()) {
    const lobby = network.lobby(id.toLowerCase() as LobbyId)
    if (lobby) return { network, lobby }
  }
  throw new GatewayError(
    'NO_SUCH_LOBBY',
    `no lobby ${id} is visible or joined; \`foyer lobby list\` shows all`,
  )
}

function accountName(args: Args): string {
  const name = normalizeLocal(text(args, 'name'))
  if (name === undefined)
    throw new GatewayError('BAD_NAME', `${text(args, 'name')} cannot be part of an address`)
  return name
}

async function putUser(context: CommandContext, args: Args, mustExist: boolean): Promise<void> {
  const name = accountName(args)
  const password = args.password
  const credentials = typeof password === 'string' ? await makeCredentials(password) : undefined
  if (!credentials)
    throw new GatewayError(
      'BAD_PASSWORD',
      'the password is empty or has characters that no password may have',
    )
  const exists = (await context.accounts.find(name)) !== undefined
  if (mustExist && !exists) throw new GatewayError('NO_SUCH_USER', `there is no account ${name}`)
  if (!mustExist && exists) throw new GatewayError('NAME_TAKEN', `there is an account ${name} already`)
  await context.accounts.put(name, credentials)
  if (mustExist) context.endSessions(name, 'The password was changed.')
}

/** One page of a room's archive after an id, oldest first; empty at the end. */
async function exportArchive(context: CommandContext, args: Args): Promise<readonly ArchiveEntry[]> {
  const wanted = text(args, 'room')
  const row = context.rooms.row(wanted.split('@')[0] ?? wanted)
  if (!row)
    throw new GatewayError('NO_SUCH_ROOM', `there is no room ${wanted}; \`foyer lobby list\` shows all`)
  const query = { room: row.localpart, fromEnd: false, max: EXPORT_PAGE, withCount: false } as const
  const after = typeof args.after === 'string' ? { afterId: args.after as ArchiveEntry['id'] } : {}
  let answer = await context.archive.query({ ...query, ...after })
  // What was exported last has been pruned meanwhile, and with it all before it.
  if (answer.kind === 'not-found') answer = await context.archive.query(query)
  return answer.kind === 'page' ? answer.page.entries : []
}
