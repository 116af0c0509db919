/**
 * The time and the time zone that the windows show. It moves once every half minute, enough for
 * "Today" and for pauses that end.
 *
 * Rule: nothing else in the windows asks for the current time, so that screenshots can hold it still.
 */

interface Fixed {
  now: Date
  timeZone: string
}

class Clock {
  #now = $state(new Date())
  #fixed: Fixed | null = null

  get now(): Date {
    return this.#now
  }

  /** The zone that dates are shown in; undefined for the computer's own. */
  get timeZone(): string | undefined {
    return this.#fixed?.timeZone
  }

  /** Holds the clock still. */
  fix(fixed: Fixed): void {
    this.#fixed = fixed
    this.#now = fixed.now
  }

  /** Moves on by itself until the returned function is called. */
  run(): () => void {
    const timer = setInterval(() => this.tick(), 30_000)
    return () => clearInterval(timer)
  }

  /** Looks at the computer's clock, unless it is held still. */
  tick(): void {
    if (!this.#fixed) this.#now = new Date()
  }
}

export const clock = new Clock()
