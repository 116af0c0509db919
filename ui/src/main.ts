/**
 * Starts one window: `?window=main|wizard|conflicts`, `?route=` for the page in it. Tauri opens the same page
 * for all three; each loads only its own code.
 */
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import { mount, type Component } from 'svelte'
import StartFailed from './main/StartFailed.svelte'
import { clock } from './lib/clock.svelte'
import { layout } from './lib/layout.svelte'
import { mirror } from './lib/mirror.svelte'
import { preferences } from './lib/preferences.svelte'
import { connect } from './platform'

/** A window takes the page that it opens with. */
type Window = Component<{ route: string }>

const windows = import.meta.glob<{ default: Window }>('./{main,wizard,conflicts}/Window.svelte')

async function start(target: HTMLElement): Promise<void> {
  const address = new URLSearchParams(location.search)
  layout.start()
  try {
    await connect(address)
    await preferences.start()
    await mirror.start()
    if (mirror.error) throw mirror.error
  } catch (error) {
    mount(StartFailed, { target, props: { error: error instanceof Error ? error.message : String(error) } })
    return
  }
  clock.run()
  const kind = address.get('window') ?? 'main'
  const load = windows[`./${kind}/Window.svelte`] ?? windows['./main/Window.svelte']
  const { default: Content } = await load!()
  mount(Content, { target, props: { route: address.get('route') ?? '' } })
}

const target = document.getElementById('app')
if (target) void start(target)
