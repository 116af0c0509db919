/** Serves the bundle with fixtures, and what looks at it, while tests run. */
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { preview } from 'vite'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the windows are served, without a slash at the end. */
    origin: string
    /** Where axe-core is served. */
    axe: string
  }
}

const AXE_FILE = 'axe.js'

/** The files stay as they are for the whole run; whoever has one need not ask again. */
const KEPT = { 'Cache-Control': 'max-age=3600, immutable' }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outDir = process.env.LOCKSTEP_E2E_BUNDLE
  if (!outDir) throw new Error('start the tests with: npm run e2e')
  copyFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), join(outDir, AXE_FILE))
  const server = await preview({
    logLevel: 'error',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 4180, strictPort: false, headers: KEPT },
  })
  const address = server.httpServer.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const origin = `http://127.0.0.1:${address.port}`
  project.provide('origin', origin)
  project.provide('axe', `${origin}/${AXE_FILE}`)
  return () => server.close()
}
