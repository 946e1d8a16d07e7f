/**
 * The one schema of the configuration: every key with what it means, what it takes, its default, and the rules between
 * keys. docs/configuration.md and config/foyer.example.yaml are made from it: `npm run docs`.
 */
import { z } from 'zod'
import {
  bareJid,
  byteCount,
  domain,
  durationMs,
  endpoint,
  filePath,
  folderPath,
  friendId,
  httpUrl,
  identityNick,
  isLoopback,
  lobbyId,
  port,
  profileName,
  storeLocation,
  token,
  webOrigin,
  yesNo,
} from './config-values.ts'

/** Least severe last but one; `silent` writes nothing. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const NOT_AVAILABLE = 'is not available in this version'

/** What a key is for, and why its default is what it is: Markdown on one line, links as in docs/configuration.md. */
const about = (description: string) => ({ description })
/** The same, for a key that takes effect while the gateway runs, when SIGHUP reads the configuration again. */
const live = (description: string) => ({ description, isLive: true })

/** One of some words. */
const choice = <const T extends readonly string[]>(...words: T) => {
  const expected = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
  return z.enum(words, `expected ${expected}`).meta({ expected })
}

const section = <T extends z.core.$ZodLooseShape>(keys: T) =>
  z.strictObject(keys, {
    error: ({ code }) => (code === 'invalid_type' ? 'expected a section: keys below it' : undefined),
  })

const listOf = <T extends z.ZodType>(item: T) => z.array(item, 'expected a list, such as [A, B]')

/** A section that a later version fills: its keys are known, setting it is refused. */
const unavailable = <T extends z.core.$ZodLooseShape>(keys: T) =>
  z
    .looseObject(keys)
    .nullable()
    .prefault(null)
    .refine((value) => value === null, NOT_AVAILABLE)

const server = section({
  domain: domain.prefault('localhost').meta(about('Domain of the accounts of this server.')),
  listen: endpoint
    .prefault('127.0.0.1:5222')
    .meta(
      about(
        'Where clients connect. Loopback, as there is no certificate; off loopback `tls` is required, and clients must begin TLS (STARTTLS) before they log in.',
      ),
    ),
  auth: choice('anonymous', 'accounts', 'both')
    .prefault('anonymous')
    .meta(
      about(
        'Who may log in: `anonymous` (everybody, no password), `accounts` (`foyer user add NAME`), or `both`. Anonymous works at once; off loopback only `accounts` is accepted.',
      ),
    ),
  registration: yesNo
    .prefault('false')
    .meta(
      about(
        '`true` lets whoever can connect make an account in a client (XEP-0077), some an hour for each address; needs `auth` `accounts` or `both`. `false`, as an open server draws spammers.',
      ),
    ),
  tls: section({
    cert: filePath.meta(
      live(
        'PEM file of the certificate, followed by those between it and the root; relative to the working directory.',
      ),
    ),
    key: filePath.meta(live('PEM file of its private key, without password.')),
  })
    .nullable()
    .prefault(null)
    .meta(
      about(
        'Certificate and key, required off loopback; [TLS](operating.md#tls) says how to get them. Both files are read again at SIGHUP.',
      ),
    ),
  directTls: endpoint
    .nullable()
    .prefault(null)
    .meta(
      about(
        'A second port, on which clients begin with TLS at once, such as `0.0.0.0:5223`. Needs `tls`. `null`, as STARTTLS on `listen` is enough for all clients.',
      ),
    ),
}).superRefine(({ listen, directTls, tls, auth, registration }, context) => {
  const refuse = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message })
  if (registration && auth === 'anonymous') refuse('registration', 'needs xmpp.server.auth accounts or both')
  if (directTls && !tls) refuse('directTls', 'needs xmpp.server.tls')
  for (const [key, address] of Object.entries({ listen, directTls })) {
    if (!address || isLoopback(address.host)) continue
    if (auth !== 'accounts')
      refuse(
        'auth',
        `${auth} is refused, as xmpp.server.${key} is ${address.host}, which is not loopback: set it to accounts`,
      )
    if (!tls && key === 'listen')
      refuse(
        'tls',
        `is required, as xmpp.server.listen is ${address.host}, which is not loopback: name certificate and key, see docs/operating.md#tls`,
      )
  }
})

const component = section({
  host: z
    .string('expected a host')
    .refine(
      isLoopback,
      'must be this machine (127.0.0.1, ::1 or localhost): the link has no TLS; use a tunnel',
    )
    .prefault('127.0.0.1')
    .meta({
      ...about('Where the host server listens for components. This machine only, as the link has no TLS.'),
      expected: '127.0.0.1, ::1 or localhost',
    }),
  port: port.prefault('5347').meta(about('Its port for components.')),
  secret: z
    .string('is required: the one that the host server has for this component')
    .min(1, 'must not be empty')
    .meta({
      ...about('The secret that both share. Best in a file that `FOYER_XMPP__COMPONENT__SECRET_FILE` names.'),
      expected: 'a text',
    }),
})

const xmpp = section({
  domain: domain
    .prefault('lobbies.localhost')
    .meta(
      about(
        'Address of the MUC service: rooms are `ROOM@lobbies.localhost`. Must differ from `xmpp.server.domain`. Ends in `.localhost`, so that it works without DNS.',
      ),
    ),
  admins: listOf(bareJid)
    .prefault([])
    .meta(
      live(
        'Operators: bare JIDs that own every room and may run [commands](operating.md#from-a-client). Nobody until you say who.',
      ),
    ),
  roomCreation: choice('everybody', 'admins')
    .prefault('everybody')
    .meta(
      live(
        'Who may make rooms, and with them lobbies, by joining an address that does not exist: `everybody`, or only the operators in `xmpp.admins`. `everybody`, as in other room services; rooms of lobbies that are found are there in any case.',
      ),
    ),
  statusUrls: listOf(httpUrl)
    .prefault([])
    .meta(
      live(
        'Where people read how the service is while it is down: addresses of JSON files (XEP-0455) on another machine; clients learn them by discovery.',
      ),
    ),
  server: server
    .nullable()
    .prefault({})
    .meta(
      about('The embedded XMPP server. `null` turns it off, which only makes sense with `xmpp.component`.'),
    ),
  component: component
    .nullable()
    .prefault(null)
    .meta(
      about(
        'Link to a host server, such as Prosody or ejabberd, of which `xmpp.domain` is a component (XEP-0114): [how](operating.md#with-prosody-or-ejabberd). `null`: users of the embedded server only.',
      ),
    ),
}).superRefine((value, context) => {
  const refuse = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message })
  if (value.server === null && value.component === null)
    refuse('server', 'null needs xmpp.component: nothing would speak XMPP')
  else if (value.server?.domain === value.domain)
    refuse(
      'domain',
      `must differ from xmpp.server.domain: accounts are at ${value.domain}, rooms for example at lobbies.${value.domain}`,
    )
})

const http = section({
  listen: endpoint
    .prefault('127.0.0.1:5280')
    .meta(
      about(
        'Web chat, presence map, WebSocket, metrics, health. Loopback, as the pages show who talks to whom.',
      ),
    ),
  publicUrl: httpUrl
    .nullable()
    .prefault(null)
    .meta(
      about(
        'Address under which clients reach the listener. It begins the addresses of pictures and uploads, also of those in the archive: change it rarely. Most clients upload to `https` only. A proxy before a listener on loopback needs it: requests with other names are refused. `null` is `http://` and `http.listen`, which serves this machine only.',
      ),
    ),
  origins: listOf(webOrigin)
    .prefault([])
    .meta(
      about(
        'Pages on other hosts that may use the WebSocket, such as your own with Converse.js, and the calls of Ethora: `https://example.org`. Those of the listener itself and of this machine always may. None, as a page acts for whoever looks at it.',
      ),
    ),
  token: token
    .nullable()
    .prefault(null)
    .meta(
      about(
        'Secret that `/`, `/api` and `/metrics` ask for, as bearer token or cookie. Required off loopback; `null` asks for none.',
      ),
    ),
  ethora: yesNo
    .prefault('false')
    .meta(
      about(
        '`true` answers the REST calls of the [Ethora chat component](ethora.md#rest) below `/ethora/v1`: rooms, names and files. `false`, as no other client needs them.',
      ),
    ),
}).superRefine(({ listen, token }, context) => {
  if (token === null && !isLoopback(listen.host))
    context.addIssue({
      code: 'custom',
      path: ['token'],
      message: `is required, as http.listen is ${listen.host}, which is not loopback: set it to a long random text, such as \`openssl rand -hex 32\` prints`,
    })
})

const linking = choice('anonymous', 'linked', 'never')

const retroshare = section({
  name: profileName
    .prefault('Foyer')
    .meta(about('Name of profile and location, used when they are made at first start.')),
  listen: endpoint
    .prefault('127.0.0.1:7812')
    .meta(about('Where friends connect. Loopback until you decide to be reachable.')),
  advertise: endpoint
    .refine(({ port }) => port !== 0, 'expected a port from 1 to 65535')
    .nullable()
    .prefault(null)
    .meta(
      about(
        'Address that invites contain, when friends reach this node by another one than `listen`. `null` is `listen`.',
      ),
    ),
  autojoin: listOf(lobbyId)
    .prefault([])
    .meta(live('Lobbies to join at start (`foyer lobby list`). None: you choose whom to carry.')),
  acceptInvites: z
    .union([z.literal('all'), z.array(friendId)], 'expected all, or a list of friend ids')
    .prefault([])
    .meta({
      ...live(
        'Friends whose invitations to lobbies are accepted without asking (`foyer friend list`). Nobody: whoever may log in here can enter the lobbies that this node has joined.',
      ),
      expected: 'a list of friend ids of 32 hex digits, or all',
    }),
  staying: z
    .record(
      lobbyId,
      z
        .record(bareJid, identityNick, 'expected bare JIDs, each with a nickname')
        .refine(
          (nicks) => new Set(Object.values(nicks)).size === Object.keys(nicks).length,
          'expected each nickname once',
        ),
      'expected lobby ids of 16 hex digits, each with bare JIDs and their nicknames',
    )
    .prefault({})
    .meta({
      ...live(
        'Accounts that [stay in lobbies](muc-mapping.md#staying-while-away) while they are away, and under which nickname: `0123456789abcdef: { ann@example.org: Ann }`. What they choose themselves in the room counts more. None: everybody can choose.',
      ),
      expected: 'lobby ids, each with bare JIDs and their nicknames',
    }),
  identities: section({
    default: linking
      .prefault('anonymous')
      .meta(
        about(
          '`anonymous`: only in lobbies that take signed identities alone; `linked`: everywhere; `never`: nowhere, so that in such lobbies users only read. Others need not know whose gateway somebody uses.',
        ),
      ),
    lobbies: z
      .record(lobbyId, linking, 'expected lobby ids of 16 hex digits, each with anonymous, linked or never')
      .prefault({})
      .meta({
        ...about('The same for some lobbies: `0123456789abcdef: linked`. None: the default serves most.'),
        expected: 'lobby ids, each with anonymous, linked or never',
      }),
  })
    .prefault({})
    .meta(
      about(
        'Whether the identities of users are linked to the profile of this node, so that others see whose gateway they use.',
      ),
    ),
})

const limits = section({
  files: byteCount
    .prefault('256MiB')
    .meta(
      about(
        'Bytes of all stored pictures; those longest not shown go first. `0` stores none, and rooms show `[image]`. Enough for many thousands, and nothing that fills a disk.',
      ),
    ),
  uploads: byteCount
    .prefault('256MiB')
    .meta(
      about(
        'Bytes of all files that users of the embedded server uploaded; those uploaded longest ago go first. `0` takes none.',
      ),
    ),
})

/** What a configuration may say; its output is judged, with values converted. */
export const configSchema = section({
  data: folderPath
    .prefault('./data')
    .meta(
      about(
        'Folder of all state: database, keys, admin socket; relative to the working directory. Its own folder, so that one backup, one mount and one set of permissions do.',
      ),
    ),
  archive: section({
    url: storeLocation
      .prefault('sqlite:foyer.db')
      .meta(
        about(
          'The database. `sqlite:FILE` is relative to `data`: one file, nothing else to install. For [PostgreSQL](operating.md#postgresql) there are the parameters `sslmode`, `sslrootcert`, `sslcert`, `sslkey` and `host` (folder of a Unix socket); the address is best in a file that `FOYER_ARCHIVE__URL_FILE` names.',
        ),
      ),
    retention: durationMs
      .prefault('365d')
      .meta(live('How long messages are kept. A year, so that the disk does not fill up unnoticed.')),
  })
    .prefault({})
    .meta(about('Where messages are stored.')),
  xmpp: xmpp.prefault({}).meta(about('The XMPP side.')),
  http: http.prefault({}).meta(about('The HTTP listener.')),
  retroshare: retroshare
    .nullable()
    .prefault({})
    .meta(about('The RetroShare node. `null` turns the network off.')),
  tox: unavailable({
    listen: z
      .unknown()
      .optional()
      .meta({ ...about('Address of its UDP socket.'), expected: 'host:port' }),
  }).meta(about('The Tox network. Not available in this version.')),
  links: z
    .array(z.unknown())
    .max(0, NOT_AVAILABLE)
    .prefault([])
    .meta({
      ...about('Rooms that join lobbies of several networks. Not available in this version.'),
      expected: 'a list',
    }),
  limits: limits
    .prefault({})
    .meta(about('Limits that can be changed. Those that are fixed are in [limits.md](limits.md).')),
  log: section({
    level: choice(...LOG_LEVELS)
      .prefault('info')
      .meta(
        live(
          'Least severe level that is written. `info` tells what an operator wants to know; `debug` adds dials, handshakes and stream errors.',
        ),
      ),
  })
    .prefault({})
    .meta(about('The log.')),
})
