/** Asks a running gateway over its admin socket. */
import { connect } from 'node:net'
import { GatewayError } from '../util/errors.ts'
import type { AdminReply } from './protocol.ts'

/** Long enough for a friend's key to be checked or an archive to be exported; a silent gateway is an error. */
const TIMEOUT_MS = 60_000

/**
 * The command's value. Rejects with the gateway's own error; `NOT_RUNNING` when there is none; `NO_ANSWER` when there may
 * be one, and it is silent, breaks off, or cannot be asked.
 */
export function askGateway(
  socketPath: string,
  command: string,
  args: Readonly<Record<string, unknown>> = {},
  timeoutMs = TIMEOUT_MS,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const noAnswer = (text: string): void => reject(new GatewayError('NO_ANSWER', text))
    const socket = connect(socketPath)
    let text = ''
    socket.setEncoding('utf8')
    socket.setTimeout(timeoutMs, () => {
      socket.destroy()
      noAnswer(`no answer on ${socketPath} within ${timeoutMs / 1000} s`)
    })
    socket.on('connect', () => socket.write(`${JSON.stringify({ command, args })}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', (cause) => reject(unreachable(socketPath, cause)))
    socket.on('close', () => {
      const reply = parseReply(text)
      if (!reply) noAnswer(`the gateway on ${socketPath} ended without an answer`)
      else if (reply.ok) resolve(reply.value)
      else reject(new GatewayError(reply.code, reply.message))
    })
    socket.on('end', () => socket.destroy())
  })
}

function unreachable(socketPath: string, cause: NodeJS.ErrnoException): GatewayError {
  switch (cause.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new GatewayError(
        'NOT_RUNNING',
        `no gateway answers on ${socketPath}: start it with \`foyer start\`, or name its folder with --data`,
        { cause },
      )
    case 'EACCES':
      return new GatewayError(
        'NO_ANSWER',
        `${socketPath} may be opened by its owner only: run this as the user of the gateway`,
        { cause },
      )
    default:
      return new GatewayError('NO_ANSWER', `${socketPath}: ${cause.message}`, { cause })
  }
}

/** Undefined when the answer is not whole. */
function parseReply(text: string): AdminReply | undefined {
  if (!text.endsWith('\n')) return undefined
  return JSON.parse(text) as AdminReply
}
