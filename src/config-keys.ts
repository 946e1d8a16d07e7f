/** The keys of the configuration as its schema describes them, for messages, documents and the environment. */
import { z } from 'zod'
import { configSchema } from './config-schema.ts'
import type { KeyPath } from './config-source.ts'

/** One key, or a section of keys. */
export interface ConfigKey {
  readonly path: KeyPath
  /** What it is for, in Markdown on one line. */
  readonly description: string
  /** What it takes, in words; undefined for a section. */
  readonly expected: string | undefined
  /** `null` is a value of it: it turns the section off, or stands for what the description says. */
  readonly isNullable: boolean
  /** As YAML has it; undefined for a section that is there by default, and for a key that must be given. */
  readonly default: unknown
  /** Must be given where its section is. */
  readonly isRequired: boolean
  /** Takes effect at SIGHUP; any other key waits for a restart. */
  readonly isLive: boolean
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly type?: string
  readonly default?: unknown
  readonly description?: string
  readonly expected?: string
  readonly isLive?: boolean
}

/** What a node may be besides null. */
const variants = (node: SchemaNode): readonly SchemaNode[] =>
  (node.anyOf ?? [node]).filter(({ type }) => type !== 'null')

const expectedOf = (node: SchemaNode): string | undefined =>
  node.expected ??
  (node.items ? `a list, each ${expectedOf(node.items)}` : undefined) ??
  (node.anyOf && variants(node).map(expectedOf).find(Boolean))

function keysBelow(node: SchemaNode, path: KeyPath): ConfigKey[] {
  return variants(node).flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([name, child]) => [
      keyOf(child, [...path, name], required.includes(name)),
      ...keysBelow(child, [...path, name]),
    ]),
  )
}

function keyOf(node: SchemaNode, path: KeyPath, isRequired: boolean): ConfigKey {
  const isNullable = node.anyOf?.some(({ type }) => type === 'null') ?? false
  const isSection = variants(node).some(({ properties }) => properties)
  return {
    path,
    description: node.description ?? '',
    expected: isSection ? undefined : expectedOf(node),
    isNullable,
    default: isSection && node.default !== null ? undefined : node.default,
    isRequired,
    isLive: node.isLive ?? false,
  }
}

/** Every key that the configuration has, sections included, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = keysBelow(
  z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode,
  [],
)
