/**
 * The pages of the main window in the order of the navigation. A page that does not exist has no entry.
 *
 * Rule: Ctrl+1…9 count in this order.
 */
import ArrowLeftRight from '@lucide/svelte/icons/arrow-left-right'
import Bell from '@lucide/svelte/icons/bell'
import Folder from '@lucide/svelte/icons/folder'
import GitCompare from '@lucide/svelte/icons/git-compare'
import Globe from '@lucide/svelte/icons/globe'
import House from '@lucide/svelte/icons/house'
import Info from '@lucide/svelte/icons/info'
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal'
import User from '@lucide/svelte/icons/user'
import Wrench from '@lucide/svelte/icons/wrench'
import type { Component } from 'svelte'
import type { Key } from '../i18n/index.svelte'
import type { IconType } from '../kit/Icon.svelte'

export interface PageEntry {
  id: string
  label: Key
  icon: IconType
  /** Pages of one group stand together. */
  group: number
  load: () => Promise<Component>
}

const modules = {
  ...import.meta.glob<{ default: Component }>('../pages/*/Page.svelte'),
  ...import.meta.glob<{ default: Component }>('../conflicts/Page.svelte'),
}

type Order = Omit<PageEntry, 'load'>

const order: Order[] = [
  { id: 'overview', label: 'overview.nav.overview', icon: House, group: 0 },
  { id: 'files', label: 'overview.nav.files', icon: Folder, group: 0 },
  { id: 'conflicts', label: 'overview.nav.conflicts', icon: GitCompare, group: 0 },
  { id: 'workspaces', label: 'overview.nav.workspaces', icon: ArrowLeftRight, group: 1 },
  { id: 'accounts', label: 'overview.nav.accounts', icon: User, group: 1 },
  { id: 'network', label: 'overview.nav.network', icon: Globe, group: 2 },
  { id: 'notifications', label: 'overview.nav.notifications', icon: Bell, group: 2 },
  { id: 'general', label: 'overview.nav.general', icon: SlidersHorizontal, group: 2 },
  { id: 'advanced', label: 'overview.nav.advanced', icon: Wrench, group: 2 },
  { id: 'about', label: 'overview.nav.about', icon: Info, group: 2 },
]

function loader(id: string): PageEntry['load'] | null {
  const load = modules[`../pages/${id}/Page.svelte`] ?? modules[`../${id}/Page.svelte`]
  return load ? async () => (await load()).default : null
}

export const pages: PageEntry[] = order.flatMap((entry) => {
  const load = loader(entry.id)
  return load ? [{ ...entry, load }] : []
})

/** The pages as they stand together. */
export const groups: PageEntry[][] = [0, 1, 2].map((group) => pages.filter((page) => page.group === group))

/** The page of this id, or the first. */
export function pageOf(id: string): PageEntry {
  const page = pages.find((entry) => entry.id === id) ?? pages[0]
  if (!page) throw new Error('the main window has no pages')
  return page
}
