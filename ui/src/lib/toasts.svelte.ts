/**
 * Short messages at the foot of a window, and the one action that Ctrl+Z takes back.
 *
 * A toast only repeats what is also written elsewhere; it goes by itself, but not while somebody points
 * at it or has the focus in it.
 *
 * Rule: only the newest undo counts, and it is used at most once.
 */

/** How long a toast stays. */
const STAY_MS = 10_000

export interface Toast {
  id: number
  text: string
  undo: (() => Promise<void> | void) | null
  /** What taking back is called here, if not "Undo". */
  label?: string
}

class Toasts {
  #next = 1
  #timer: ReturnType<typeof setTimeout> | null = null
  #last: Toast | null = null
  current = $state.raw<Toast | null>(null)

  /** Shows a message; a newer one replaces it. */
  show(text: string, undo: Toast['undo'] = null, label?: string): void {
    const toast = { id: this.#next++, text, undo, label }
    this.current = toast
    // A message without undo does not take away what Ctrl+Z can still do.
    if (undo) this.#last = toast
    this.resume()
  }

  /** Remembers what Ctrl+Z takes back, without showing a toast. */
  remember(text: string, undo: () => Promise<void> | void): void {
    this.#last = { id: this.#next++, text, undo }
  }

  /** Keeps the toast while somebody looks at it. */
  hold(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  resume(): void {
    this.hold()
    this.#timer = setTimeout(() => (this.current = null), STAY_MS)
  }

  dismiss(): void {
    this.hold()
    this.current = null
  }

  /** Takes the last action back, if there is one. */
  async undo(): Promise<void> {
    const toast = this.#last
    if (!toast?.undo) return
    this.#last = null
    if (this.current?.id === toast.id) this.dismiss()
    await toast.undo()
  }
}

export const toasts = new Toasts()
