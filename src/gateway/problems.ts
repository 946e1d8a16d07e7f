/** What keeps the gateway from doing its work, in words, for readiness, the map and `foyer status`. */

/** Each source says what is wrong, or nothing. */
export interface ProblemSources {
  isXmppUp(): boolean
  isArchiveFailing(): boolean
  /** Networks that are configured but do not listen yet. */
  networksDown(): readonly string[]
}

export function problems(sources: ProblemSources): string[] {
  return [
    ...(sources.isXmppUp() ? [] : ['xmpp: the server does not listen']),
    ...(sources.isArchiveFailing() ? ['archive: the last write failed, see the log'] : []),
    ...sources.networksDown().map((network) => `${network}: does not listen`),
  ]
}
