/**
 * Opens windows in the Chromium that is installed, and hears what goes wrong in them.
 *
 * Downloads no browser. Pages are used again by the next window: what they once compiled stays with them. Each
 * has a context of its own, so that two of them run in two processes.
 *
 * Rule: a page that writes an error to the console, or asks another host for anything, fails its test.
 */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from 'playwright-core'
import { afterAll, beforeAll, inject } from 'vitest'
import { windows, type Look, type WindowKind } from './looks'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Text is drawn the same on every machine.
  '--font-render-hinting=none',
  '--disable-lcd-text',
  // Larger than anything that is shown, see `fit`.
  '--window-size=1280,900',
]

/** `still`: what takes a second at most has happened, what takes longer never does. */
type Pace = 'still' | 'real'

/** A page that may be lent to one window after the other. */
interface Lane {
  page: Page
  protocol: CDPSession
  complaints: string[]
  /** Requests that are not answered yet. */
  underWay: number
  /** Windows that it showed. */
  shown: number
}

/** Windows after which a page is given up: what the browser keeps of each adds up to gigabytes. */
const LIFETIME = 40

let browser: Browser | null = null
let idle: Record<Pace, Lane[]> = { still: [], real: [] }

/** Starts the browser for the tests of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    const executablePath = CHROMIUM.find((path) => existsSync(path))
    if (!executablePath) throw new Error(`no Chromium: none of ${CHROMIUM.join(', ')}`)
    browser = await chromium.launch({ executablePath, args: ARGUMENTS })
  })
  afterAll(async () => {
    await browser?.close()
    browser = null
    idle = { still: [], real: [] }
  })
}

export interface Opened {
  page: Page
  /** What went wrong so far. */
  complaints: string[]
  /** Changes how the window looks, as its settings and the system would. */
  show: (look: Look) => Promise<void>
  close: () => Promise<void>
}

/** Opens the window of a fixture in a look. A window that was not closed keeps its page for good. */
export async function open(fixture: string, kind: WindowKind, look: Look, pace: Pace): Promise<Opened> {
  const lane = idle[pace].pop() ?? (await newLane(pace))
  const { page } = lane
  lane.complaints = []
  lane.shown += 1
  await fit(lane, kind, look)
  const address = new URLSearchParams({ fixture, ...look.address })
  await page.goto(`${inject('origin')}/index.html?${address}`)
  await page.locator('h1').first().waitFor({ state: 'attached' })
  if (!(await page.evaluate(() => 'lockstep' in window))) throw new Error(`no fixture named ${fixture}`)
  await page.evaluate(() => window.lockstep?.ready)
  await settle(lane)
  return {
    page,
    complaints: lane.complaints,
    show: async (next) => {
      await fit(lane, kind, next)
      await page.evaluate((parameters) => window.lockstep?.show(parameters), { ...next.address })
      await settle(lane)
    },
    close: async () => {
      if (lane.shown < LIFETIME) idle[pace].push(lane)
      else await page.context().close()
    },
  }
}

/** An empty page, for tests of the checks themselves. */
export async function blank(): Promise<Page> {
  return (await newContext('real')).newPage()
}

async function newLane(pace: Pace): Promise<Lane> {
  const origin = inject('origin')
  const context = await newContext(pace)
  const page = await context.newPage()
  const protocol = await context.newCDPSession(page)
  const lane: Lane = { page, protocol, complaints: [], underWay: 0, shown: 0 }
  page.on('pageerror', (error) => lane.complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      lane.complaints.push(`${message.type()}: ${message.text()}`)
    }
  })
  page.on('request', (request) => {
    lane.underWay += 1
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) lane.complaints.push(`asked for ${url}`)
  })
  page.on('requestfinished', () => (lane.underWay -= 1))
  page.on('requestfailed', () => (lane.underWay -= 1))
  return lane
}

async function newContext(pace: Pace): Promise<BrowserContext> {
  if (!browser) throw new Error('useBrowser() comes first')
  const context = await browser.newContext({
    viewport: null,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  })
  if (pace === 'still') await context.addInitScript(holdTimers)
  return context
}

/** Runs in the page, before anything else. */
function holdTimers(): void {
  const LONGEST_MS = 1000
  const later = window.setTimeout
  const held = (run: TimerHandler, ms = 0, ...rest: unknown[]): number =>
    ms > LONGEST_MS ? -1 : later(run, 0, ...rest)
  Object.assign(window, { setTimeout: held })
}

/**
 * Gives the page the size and the system's colours of a look, and waits until it has them.
 *
 * The browser's own window is left as it is, unlike by `setViewportSize`: it takes a new size whenever it
 * likes, and a picture taken meanwhile shows parts of the page twice.
 */
async function fit({ page, protocol }: Lane, kind: WindowKind, look: Look): Promise<void> {
  const size = look.size ?? windows[kind]
  await protocol.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false })
  await page.emulateMedia({ forcedColors: look.forced ? 'active' : 'none' })
  await page.waitForFunction(({ width, height }) => innerWidth === width && innerHeight === height, size)
}

/** Waits until everything that was asked for has come and the page has stopped changing. */
async function settle(lane: Lane): Promise<void> {
  do {
    while (lane.underWay > 0) await lane.page.waitForEvent('requestfinished')
  } while (!(await stays(lane.page)) || lane.underWay > 0)
}

/** Whether nothing changes for a few frames: in the first a window hears of its size, in the next it follows. */
function stays(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    await document.fonts.ready
    const observer = new MutationObserver(() => {})
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
    for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame)
    return observer.takeRecords().length === 0
  })
}
