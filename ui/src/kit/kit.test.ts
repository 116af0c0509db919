/** The kit by keyboard and for screen readers. */
import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { createRawSnippet } from 'svelte'
import { expect, test, vi } from 'vitest'
import Field, { type FieldControl } from './Field.svelte'
import FileName from './FileName.svelte'
import Menu from './Menu.svelte'
import ProgressBar from './ProgressBar.svelte'
import RadioGroup from './RadioGroup.svelte'
import Select from './Select.svelte'
import Switch from './Switch.svelte'
import Tabs from './Tabs.svelte'
import ToastHost from './ToastHost.svelte'
import Tree from './Tree.svelte'

const user = userEvent.setup()

test('a field links its error to the control', () => {
  render(Field, {
    label: 'Client ID',
    hint: 'App key',
    error: 'Enter a Client ID.',
    control: createRawSnippet((props: () => FieldControl) => ({
      render: () =>
        `<input id="${props().id}" aria-describedby="${props()['aria-describedby']}" aria-invalid="${props()['aria-invalid']}">`,
    })),
  })
  const field = screen.getByLabelText('Client ID')
  expect(field).toHaveAccessibleDescription('Enter a Client ID. App key')
  expect(field).toBeInvalid()
})

test('a switch is operated by Space and says so', async () => {
  const change = vi.fn()
  render(Switch, { checked: false, label: 'Start when I log in', onchange: change })
  const control = screen.getByRole('switch', { name: 'Start when I log in' })
  control.focus()
  await user.keyboard(' ')
  expect(change).toHaveBeenCalledWith(true)
  expect(control).toBeChecked()
})

test('a choice among few is one group with its legend', async () => {
  const change = vi.fn()
  render(RadioGroup, {
    legend: 'Download',
    value: 'none',
    options: [
      { value: 'none', label: 'No limit' },
      { value: 'limit', label: 'Limit' },
    ],
    onchange: change,
  })
  expect(screen.getByRole('group', { name: 'Download' })).toBeInTheDocument()
  await user.click(screen.getByRole('radio', { name: 'Limit' }))
  expect(change).toHaveBeenCalledWith('limit')
})

test('a select keeps the type of its values', async () => {
  const change = vi.fn()
  render(Select, {
    label: 'Parallel transfers',
    value: 4,
    options: [2, 4, 8].map((value) => ({ value, label: String(value) })),
    onchange: change,
  })
  await user.selectOptions(screen.getByRole('combobox'), '8')
  expect(change).toHaveBeenCalledWith(8)
})

test('tabs move with the arrow keys', async () => {
  const change = vi.fn()
  render(Tabs, {
    label: 'Parts',
    value: 'a',
    tabs: [
      { id: 'a', label: 'One' },
      { id: 'b', label: 'Two', count: '3' },
    ],
    onchange: change,
    panel: createRawSnippet((id: () => string) => ({ render: () => `<p>${id()}</p>` })),
  })
  screen.getByRole('tab', { name: 'One' }).focus()
  await user.keyboard('{ArrowRight}')
  expect(change).toHaveBeenCalledWith('b')
})

test('a menu opens by keyboard and runs what is chosen', async () => {
  const run = vi.fn()
  render(Menu, {
    label: 'More actions',
    entries: [
      { id: 'open', label: 'Open', run: vi.fn() },
      { id: 'show', label: 'Show in folder', run },
    ],
  })
  screen.getByRole('button', { name: 'More actions' }).focus()
  await user.keyboard('{Enter}')
  expect(await screen.findByRole('menuitem', { name: 'Open' })).toBeInTheDocument()
  await user.click(screen.getByRole('menuitem', { name: 'Show in folder' }))
  expect(run).toHaveBeenCalledTimes(1)
})

test('progress says how far it is, or only that it goes on', async () => {
  const { rerender } = render(ProgressBar, { value: 0.316, label: 'Syncing' })
  expect(screen.getByRole('progressbar', { name: 'Syncing' })).toHaveAttribute('aria-valuenow', '32')
  await rerender({ value: null, label: 'Checking files' })
  expect(screen.getByRole('progressbar')).not.toHaveAttribute('aria-valuenow')
})

test('a file name is isolated, whole in the tooltip, and shows no control character', () => {
  const { container } = render(FileName, { name: 'Angebot\u202Efdp.exe' })
  const name = container.querySelector('bdi')
  expect(name).toHaveAttribute('title', 'Angebot\ufffdfdp.exe')
  expect(name?.textContent).toBe('Angebot\ufffdfdp.exe')
})

test('a toast is held while it has the focus', async () => {
  const [hold, resume] = [vi.fn(), vi.fn()]
  render(ToastHost, {
    toast: { id: 1, text: 'Kept both.', undo: () => {} },
    undoLabel: 'Undo',
    closeLabel: 'Close',
    onundo: vi.fn(),
    onclose: vi.fn(),
    onhold: hold,
    onresume: resume,
  })
  await user.tab()
  expect(screen.getByRole('button', { name: 'Undo' })).toHaveFocus()
  expect(hold).toHaveBeenCalled()
})

const leaf = createRawSnippet((node: () => { name: string }) => ({
  render: () => `<span>${node().name}</span>`,
}))

function tree(props: object = {}) {
  return render(Tree, {
    label: 'Folders',
    root: {
      id: 'root',
      name: '',
      children: [
        { id: '/a', name: 'Invoices', childrenCount: 2 },
        { id: '/b', name: 'Media', children: [{ id: '/b/c', name: 'Raw' }] },
      ],
    },
    row: leaf,
    ...props,
  })
}

test('a tree opens levels with the arrow keys and loads what is not there', async () => {
  const load = vi.fn(() => Promise.resolve([{ id: '/a/x', name: '2025' }]))
  tree({ load })
  screen.getByRole('treeitem', { name: /Invoices/ }).focus()
  await user.keyboard('{ArrowRight}')
  expect(load).toHaveBeenCalledTimes(1)
  expect(await screen.findByRole('treeitem', { name: /2025/ })).toHaveAttribute('aria-level', '2')
})

test('Space toggles the box of a node, three states are told', async () => {
  const toggle = vi.fn()
  const checked = (node: { id: string }) => (node.id === '/b' ? ('mixed' as const) : true)
  tree({ checked, ontoggle: toggle })
  const media = screen.getByRole('treeitem', { name: /Media/ })
  expect(media).toHaveAttribute('aria-checked', 'mixed')
  media.focus()
  await user.keyboard(' ')
  expect(toggle).toHaveBeenCalledWith(expect.objectContaining({ id: '/b' }))
})
