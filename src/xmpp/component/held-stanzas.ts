/** Stanzas that wait for the link to come back, in order; bounded, and all or nothing. */

export class HeldStanzas {
  readonly #maxCharacters: number
  #texts: string[] = []
  #characters = 0

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters
  }

  /** How much waits. */
  get characters(): number {
    return this.#characters
  }

  /** False when there is no room for it. */
  add(text: string): boolean {
    if (this.#characters + text.length > this.#maxCharacters) return false
    this.#texts.push(text)
    this.#characters += text.length
    return true
  }

  /** Hands out everything, in order. */
  take(): readonly string[] {
    const texts = this.#texts
    this.#texts = []
    this.#characters = 0
    return texts
  }
}
