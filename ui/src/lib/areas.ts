/**
 * Moves the focus from one area of the window to the next: navigation, banners, content (F6).
 *
 * Rule: an area is what carries `data-area`; areas in which nothing can be focused are passed over.
 */

const FOCUSABLE = 'a[href], button:not(:disabled), input, select, textarea, [tabindex="0"]'

/** Focuses the first control of the next area; `step` -1 goes back. */
export function nextArea(root: ParentNode, active: Element | null, step: 1 | -1): void {
  const areas = [...root.querySelectorAll<HTMLElement>('[data-area]')]
  const now = areas.findIndex((area) => area.contains(active))
  for (let tried = 1; tried <= areas.length; tried += 1) {
    const from = now === -1 && step === -1 ? 0 : now
    const area = areas[(from + step * tried + areas.length * tried) % areas.length]
    const first = area?.querySelector<HTMLElement>(FOCUSABLE)
    if (first) {
      first.focus()
      return
    }
  }
}
