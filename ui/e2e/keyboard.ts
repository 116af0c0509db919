/**
 * A person without a mouse: everything is reached with Tab and done with keys.
 *
 * Rule: nothing here clicks or fills; what Tab does not reach cannot be used.
 */
import type { Page } from 'playwright-core'

type Role = Parameters<Page['getByRole']>[0]

/** More controls than any window has. */
const PATIENCE = 120

/** Presses Tab until the control of this name has the focus. */
export async function reach(page: Page, role: Role, name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: typeof name === 'string' })
  await wanted.first().waitFor()
  const passed: string[] = []
  for (let press = 0; press < PATIENCE; press += 1) {
    if (await wanted.evaluateAll((found) => found.some((one) => one === document.activeElement))) return
    await page.keyboard.press('Tab')
    passed.push(await focused(page))
  }
  throw new Error(`Tab never reached ${role} ${name}; it passed ${passed.join(' › ')}`)
}

/** Reaches a control and presses Enter on it. */
export async function press(page: Page, role: Role, name: string | RegExp): Promise<void> {
  await reach(page, role, name)
  await page.keyboard.press('Enter')
}

/** What has the focus, as a person would call it. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (!element || element === document.body) return 'nothing'
    return element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40) ?? element.tagName
  })
}
