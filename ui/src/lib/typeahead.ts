/**
 * Finds the row that begins with what is being typed.
 *
 * Rule: time comes in with the key, so that no test waits.
 */

/** Letters that come closer together than this are one word. */
const TOGETHER_MS = 800

export class Typeahead {
  #typed = ''
  #last = Number.NEGATIVE_INFINITY

  /** Index of the next text that fits, starting after `from` for a first letter; null when none does. */
  find(letter: string, now: number, from: number, texts: readonly string[]): number | null {
    this.#typed = now - this.#last < TOGETHER_MS ? this.#typed + letter : letter
    this.#last = now
    const wanted = this.#typed.toLocaleLowerCase()
    // A word that grows may stay where it is; a new letter moves on.
    const start = this.#typed.length > 1 ? from : from + 1
    for (let step = 0; step < texts.length; step += 1) {
      const index = (start + step) % texts.length
      if (texts[index]?.toLocaleLowerCase().startsWith(wanted)) return index
    }
    return null
  }
}
