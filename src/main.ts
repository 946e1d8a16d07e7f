#!/usr/bin/env node
/** Entry point: finds the command, runs it, and turns its end into an exit code (0 done, 1 failed, 2 usage). */
import { text } from 'node:stream/consumers'
import { archiveCommand } from './cli/archive.ts'
import { backupCommand } from './cli/backup.ts'
import { checkCommand } from './cli/check.ts'
import { type Command, type Io, UsageError } from './cli/common.ts'
import { demoCommand } from './cli/demo.ts'
import { doctorCommand } from './cli/doctor.ts'
import { friendCommand } from './cli/friend.ts'
import { identityCommand } from './cli/identity.ts'
import { inviteCommand } from './cli/invite.ts'
import { keysCommand } from './cli/keys.ts'
import { lobbyCommand } from './cli/lobby.ts'
import { logCommand } from './cli/log.ts'
import { roomCommand } from './cli/room.ts'
import { simulateCommand } from './cli/simulate.ts'
import { startCommand } from './cli/start.ts'
import { statusCommand } from './cli/status.ts'
import { traceCommand } from './cli/trace.ts'
import { USAGE, usageOf } from './cli/usage.ts'
import { userCommand } from './cli/user.ts'
import { GatewayError } from './util/errors.ts'
import { nearest } from './util/nearest.ts'
import { VERSION } from './version.ts'

const COMMANDS: Readonly<Record<string, Command>> = {
  start: startCommand,
  demo: demoCommand,
  check: checkCommand,
  doctor: doctorCommand,
  // With its XMPP client, which no other command needs.
  canary: async (argv, io) => (await import('./cli/canary.ts')).canaryCommand(argv, io),
  status: statusCommand,
  invite: inviteCommand,
  friend: friendCommand,
  identity: identityCommand,
  lobby: lobbyCommand,
  room: roomCommand,
  user: userCommand,
  archive: archiveCommand,
  backup: backupCommand,
  keys: keysCommand,
  log: logCommand,
  trace: traceCommand,
  simulate: simulateCommand,
}

const io: Io = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  readStdin: () => text(process.stdin),
  env: process.env,
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    io.out(USAGE)
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    io.out(VERSION)
    return 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) {
    const meant = nearest(name, Object.keys(COMMANDS))
    throw new UsageError(`there is no command \`${name}\`${meant ? `: is \`${meant}\` meant?` : ''}`)
  }
  const [, options = rest] = rest.includes('--') ? [rest, rest.slice(0, rest.indexOf('--'))] : []
  if (options.some((word) => word === '--help' || word === '-h')) {
    io.out(usageOf(name))
    return 0
  }
  return command(rest, io)
}

// Whoever reads our output may have had enough of it: `foyer archive export ROOM | head`. A closed terminal has its signal.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EIO') return
  if (error.code !== 'EPIPE') throw error
  process.exit(process.exitCode ?? 0)
})

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    if (error instanceof UsageError) {
      const [name] = process.argv.slice(2)
      const isKnown = name !== undefined && Object.hasOwn(COMMANDS, name)
      io.err(`foyer: ${error.message}${isKnown ? `\n${usageOf(name)}` : ''}\nSee \`foyer help\`.`)
      process.exitCode = 2
    } else if (error instanceof GatewayError) {
      io.err(`foyer: ${error.message} [${error.code}]`)
      process.exitCode = 1
    } else {
      throw error
    }
  },
)
