/** The numbers of RetroShare's flood rule. Source: docs/retroshare.md §6.8, docs/routing.md. */
import { FLOOD } from './limits.ts'

/** New items of a lobby that a node takes from one friend in 10 s, for a lobby of so many participants. */
export const floodLimit = (participants: number): number =>
  Math.max(FLOOD.least, Math.floor((participants * FLOOD.perParticipants) / FLOOD.participants))

/** How many of so many items one author can have, so that others are heard beside it. */
export const authorLimit = (limit: number): number =>
  Math.max(FLOOD.least, Math.floor(limit * FLOOD.authorShare))
