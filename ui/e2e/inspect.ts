/**
 * Looks at a page for what a person would trip over: texts that are cut off, content that has to be scrolled
 * sideways, and what axe-core finds.
 *
 * Marks in the page: `data-shortens` on texts that may end in an ellipsis because the whole is within reach,
 * `data-sideways` on what may be scrolled sideways (code, differences).
 */
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { inject } from 'vitest'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** The one rule that asks for colours. */
const COLOURS = 'color-contrast'

const ASKED: Record<'all' | 'colours' | 'structure', RunOptions> = {
  all: { runOnly: TAGS },
  colours: { runOnly: { type: 'rule', values: [COLOURS] } },
  structure: { runOnly: TAGS, rules: { [COLOURS]: { enabled: false } } },
}

declare global {
  interface Window {
    axe?: { run: (options: RunOptions) => Promise<AxeResults> }
  }
}

/** What axe-core objects to; one line an element. */
export async function accessibility(page: Page, about: keyof typeof ASKED): Promise<string[]> {
  // From the server, not as text: the browser then compiles it once and not in every window.
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.addScriptTag({ url: inject('axe') })
  }
  const violations = await page.evaluate(async (options) => (await window.axe?.run(options))?.violations, {
    ...ASKED[about],
    resultTypes: ['violations'],
  } satisfies RunOptions)
  if (!violations) throw new Error('axe-core was not loaded')
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => {
      const why = [...node.any, ...node.all].map(({ message }) => message).join('; ')
      return `${id} (${help}): ${node.html.slice(0, 160)} ${why}`
    }),
  )
}

/** Texts that cannot be read whole; one line a text. */
export function clippedTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found = new Set<string>()
    const say = (element: Element, why: string): void => {
      found.add(
        `${why}: <${element.tagName.toLowerCase()} class="${element.className}"> ${element.textContent?.trim().slice(0, 60)}`,
      )
    }
    /** Texts that only screen readers get are clipped to nothing. */
    const isUnseen = (element: Element): boolean => {
      for (let outer: Element | null = element; outer; outer = outer.parentElement) {
        if (getComputedStyle(outer).clipPath === 'inset(50%)') return true
      }
      return false
    }
    const mayShorten = (element: Element): boolean => element.closest('[data-shortens]') !== null
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement
      if (!element || !node.textContent?.trim() || mayShorten(element) || isUnseen(element)) continue
      if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue
      if (element.closest('select, option, textarea, script, style')) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      const box = range.getBoundingClientRect()
      if (box.width === 0 || box.height === 0) continue
      const own = getComputedStyle(element)
      if (own.display !== 'inline' && element.scrollWidth > element.clientWidth + 1)
        say(element, 'too wide for its box')
      // Once something scrolls, what lies outside of it can be reached; until then it is cut off.
      let across = true
      let down = true
      for (let outer: Element | null = element; outer; outer = outer.parentElement) {
        const style = getComputedStyle(outer)
        if (style.position === 'fixed' && outer !== element) break
        const edge = outer.getBoundingClientRect()
        if (outer.closest('[data-sideways]') || /auto|scroll/.test(style.overflowX))
          across = across && !/auto|scroll/.test(style.overflowX) && !outer.closest('[data-sideways]')
        if (/auto|scroll/.test(style.overflowY)) down = false
        if (
          across &&
          /hidden|clip/.test(style.overflowX) &&
          (box.right > edge.right + 1 || box.left < edge.left - 1)
        ) {
          say(element, 'cut off at the side')
        }
        if (
          down &&
          /hidden|clip/.test(style.overflowY) &&
          (box.bottom > edge.bottom + 1 || box.top < edge.top - 1)
        ) {
          say(element, 'cut off above or below')
        }
      }
    }
    return [...found]
  })
}

/** What has to be scrolled sideways, or runs out of the window. */
export function sideways(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    for (const element of document.querySelectorAll('*')) {
      if (element.closest('[data-sideways], svg, .sr')) continue
      if (!element.checkVisibility()) continue
      const style = getComputedStyle(element)
      const scrolls = /auto|scroll/.test(style.overflowX) || element === document.documentElement
      const name = `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}">`
      if (scrolls && element.scrollWidth > element.clientWidth + 1) {
        found.push(`${name} is ${element.scrollWidth} wide in ${element.clientWidth}`)
      }
      const box = element.getBoundingClientRect()
      const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
      const control = element.matches('button, input, select, textarea, a')
      if ((hasText || control) && box.width > 0 && box.right > innerWidth + 1) {
        found.push(
          `${name} reaches to ${Math.round(box.right)} of ${innerWidth}: ${element.textContent?.trim().slice(0, 40)}`,
        )
      }
    }
    return found
  })
}
