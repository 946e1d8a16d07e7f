/** What keeps the gateway from doing its work, in words, for readiness, the map and `foyer status`. */

/** Each source says what is wrong, or nothing. */
export interface ProblemSources {
  /** The embedded server is configured and does not listen yet. */
  isServerDown(): boolean
  /** Why there is no link to the host server; undefined when there is one, or none is configured. */
  componentProblem(): string | undefined
  /** Undefined when the archive can be read and written as far as is known. */
  archiveProblem(): string | undefined
  /** Networks that are configured but do not listen yet. */
  networksDown(): readonly string[]
}

export function problems(sources: ProblemSources): string[] {
  const component = sources.componentProblem()
  const archive = sources.archiveProblem()
  return [
    ...(sources.isServerDown() ? ['xmpp: the server does not listen'] : []),
    ...(component === undefined ? [] : [`xmpp: no link to the host server: ${component}`]),
    ...(archive === undefined ? [] : [`archive: ${archive}`]),
    ...sources.networksDown().map((network) => `${network}: does not listen`),
  ]
}
