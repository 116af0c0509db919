/**
 * How wide the window is to a reader: its width and the size of the text.
 *
 * Rule: narrow means below 900 px or text of 150 % and more; style sheets ask `:root[data-narrow]`, so that
 * they and the code never disagree.
 */

const NARROW_BELOW_PX = 900
const LARGE_TEXT_PERCENT = 150

class Layout {
  #width = $state(1024)
  #text = $state(100)

  narrow = $derived(this.#width < NARROW_BELOW_PX || this.#text >= LARGE_TEXT_PERCENT)

  /** How many pixels so many rem are. */
  pixels(rem: number): number {
    // What is asked of the page is not tracked; the size it follows from is.
    void this.#text
    return rem * parseFloat(getComputedStyle(document.documentElement).fontSize)
  }

  /** Follows the window's width. */
  start(): void {
    const measure = (): void => {
      this.#width = innerWidth
      this.#show()
    }
    addEventListener('resize', measure)
    measure()
  }

  /** Sets the size of all text, in percent. */
  scale(percent: number): void {
    this.#text = percent
    document.documentElement.style.fontSize = `${percent}%`
    this.#show()
  }

  #show(): void {
    document.documentElement.toggleAttribute('data-narrow', this.narrow)
  }
}

export const layout = new Layout()
