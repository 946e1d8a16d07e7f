/** What all commands share: input and output, options that name the running gateway, and wrong usage. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { askGateway } from '../admin/client.ts'
import { adminSocket } from '../admin/protocol.ts'
import { type ConfigSources, loadDataFolder } from '../config.ts'
import type { Listing } from '../gateway/listings.ts'
import type { OperationName } from '../gateway/operations/operations.ts'
import { nearest } from '../util/nearest.ts'

/** Where a command reads and writes; the process's own in production. */
export interface Io {
  out(line: string): void
  err(line: string): void
  readStdin(): Promise<string>
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A command: its words are consumed, `argv` is the rest. Resolves with the exit code. */
export type Command = (argv: readonly string[], io: Io) => Promise<number>

/** Wrong usage: exit code 2. */
export class UsageError extends Error {}

export const GATEWAY_OPTIONS = {
  config: { type: 'string' },
  data: { type: 'string' },
} as const

/** parseArgs with wrong usage as `UsageError`. */
export function options<T extends NonNullable<ParseArgsConfig['options']>>(
  argv: readonly string[],
  spec: T,
  positionals: { min: number; max: number; names: string },
) {
  const parsed = parse(argv, spec)
  const count = parsed.positionals.length
  if (count < positionals.min || count > positionals.max)
    throw new UsageError(
      count > positionals.max
        ? `this is too much: ${parsed.positionals.slice(positionals.max).join(' ')}`
        : `missing: ${positionals.names}`,
    )
  return parsed
}

function parse<T extends NonNullable<ParseArgsConfig['options']>>(argv: readonly string[], spec: T) {
  try {
    return parseArgs({ args: [...argv], options: spec, allowPositionals: true, strict: true })
  } catch (error) {
    const unknown = /^Unknown option '(--?[^' ]+)/.exec((error as Error).message)?.[1]
    if (unknown === undefined) throw new UsageError((error as Error).message)
    const meant = nearest(unknown.replace(/^-+/, ''), Object.keys(spec))
    throw new UsageError(`there is no option ${unknown} here${meant ? `: is --${meant} meant?` : ''}`)
  }
}

/** Wrong usage: `verb` is none of what can be done with the command. */
export function noSuchVerb(command: string, verb: string | undefined, verbs: readonly string[]): UsageError {
  if (verb === undefined) return new UsageError(`missing: one of ${verbs.join(', ')}`)
  const meant = nearest(verb, verbs)
  const tail = meant ? `is \`${command} ${meant}\` meant?` : `expected one of ${verbs.join(', ')}`
  return new UsageError(`there is no \`${command} ${verb}\`: ${tail}`)
}

/** The data folder that `--data`, `--config` or the environment name; nothing else of the configuration matters. */
export function dataFolder(
  values: { config?: string | undefined; data?: string | undefined },
  io: Io,
): string {
  return loadDataFolder(configSource(values, io))
}

/** What `loadConfig` takes, from options and environment. */
export function configSource(
  values: { config?: string | undefined; data?: string | undefined },
  io: Io,
): ConfigSources {
  const file = values.config ?? io.env.FOYER_CONFIG
  return {
    env: io.env,
    ...(file === undefined ? {} : { file }),
    ...(values.data === undefined ? {} : { dataOverride: values.data }),
  }
}

/** Asks the gateway that the options name. */
export function ask(
  values: { config?: string | undefined; data?: string | undefined },
  io: Io,
  command: OperationName,
  args: Readonly<Record<string, unknown>> = {},
  timeoutMs?: number,
): Promise<unknown> {
  return askGateway(adminSocket(dataFolder(values, io)), command, args, timeoutMs)
}

/** Text of strangers on one line of a terminal: control characters, line ends and bidirectional marks are spaces. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')

/** A listing as a table, its titles in capitals. */
export const listed = ({ columns, rows }: Listing): string[] =>
  table(
    columns.map((title) => title.toUpperCase()),
    rows,
  )

/** Rows as aligned columns, the header first; cells are made `plain`. */
export function table(header: readonly string[], cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map((row) => row.map(plain))
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
