//! Puts a [`TrayModel`] into the system's tray: the icon and its menu.
//!
//! Decides nothing. The menu is made once; afterwards only what differs is set, entries come and go at
//! their places, and an entry that went is kept for the next time.
//!
//! Rule: everything here runs on the main thread, because menus belong to it.

use std::collections::HashMap;

use tauri::{
    AppHandle, Wry,
    image::Image,
    menu::{Menu, MenuItem, MenuItemKind, PredefinedMenuItem, Submenu},
    tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent},
};

use super::{
    model::{Item, Key, Kind, TrayModel},
    pictures::{Look, picture},
};
use crate::dto::AppState;

/// Name of the icon; part of its address on the bus.
pub const ID: &str = "lockstep";

/// Begins the id of every entry, so that other menus are left alone.
const PREFIX: &str = "tray:";

/// The icon and menu that are there.
pub struct Native {
    app: AppHandle,
    menu: Menu<Wry>,
    slots: HashMap<Key, Slot>,
    top: Vec<Key>,
    icon: Option<(AppState, Look)>,
    tooltip: String,
}

/// An entry that was made once, whether it is in the menu now or not.
struct Slot {
    item: MenuItemKind<Wry>,
    text: String,
    /// What is in it, for a submenu.
    inside: Vec<Key>,
}

impl Native {
    /// Makes icon and menu. `folder` holds the picture that the panel reads; nobody else may write there.
    pub fn new(
        app: &AppHandle,
        folder: &std::path::Path,
        model: &TrayModel,
        look: Look,
    ) -> tauri::Result<Native> {
        let mut native = Native {
            app: app.clone(),
            menu: Menu::new(app)?,
            slots: HashMap::new(),
            top: Vec::new(),
            icon: None,
            tooltip: String::new(),
        };
        native.set_menu(model)?;
        TrayIconBuilder::with_id(ID)
            .temp_dir_path(folder)
            .icon(Image::from_bytes(picture(model.icon, look))?)
            .icon_as_template(is_template(look))
            .tooltip(&model.tooltip)
            .menu(&native.menu)
            // On Windows the left button opens the window; elsewhere both open the menu.
            .show_menu_on_left_click(!cfg!(target_os = "windows"))
            .build(app)?;
        native.icon = Some((model.icon, look));
        native.tooltip.clone_from(&model.tooltip);
        Ok(native)
    }

    /// Sets what differs.
    pub fn apply(&mut self, model: &TrayModel, look: Look) -> tauri::Result<()> {
        self.set_menu(model)?;
        let Some(tray) = self.app.tray_by_id(ID) else { return Ok(()) };
        if self.icon != Some((model.icon, look)) {
            let image = Image::from_bytes(picture(model.icon, look))?;
            tray.set_icon_with_as_template(Some(image), is_template(look))?;
            self.icon = Some((model.icon, look));
        }
        if self.tooltip != model.tooltip {
            tray.set_tooltip(Some(&model.tooltip))?;
            self.tooltip.clone_from(&model.tooltip);
        }
        Ok(())
    }

    /// Takes the icon away.
    pub fn remove(self) {
        // The icon goes when its last owner does.
        drop(self.app.remove_tray_by_id(ID));
    }

    fn set_menu(&mut self, model: &TrayModel) -> tauri::Result<()> {
        self.arrange(None, &model.menu)
    }

    /// Brings the entries of the menu, or of a submenu, to what is wanted.
    fn arrange(&mut self, parent: Option<Key>, wanted: &[Item]) -> tauri::Result<()> {
        let mut present = std::mem::take(self.inside(parent));
        let is_wanted = |key: &Key| wanted.iter().any(|item| item.key == *key);
        for key in present.iter().filter(|key| !is_wanted(key)) {
            self.place(parent, *key, None)?;
        }
        present.retain(is_wanted);
        for (position, item) in wanted.iter().enumerate() {
            self.fill(item)?;
            if present.get(position) != Some(&item.key) {
                self.place(parent, item.key, Some(position))?;
                present.insert(position, item.key);
            }
        }
        *self.inside(parent) = present;
        Ok(())
    }

    fn inside(&mut self, parent: Option<Key>) -> &mut Vec<Key> {
        match parent {
            None => &mut self.top,
            Some(key) => {
                &mut self.slots.get_mut(&key).expect("BUG: a submenu is made before it is filled").inside
            }
        }
    }

    /// Puts an entry at a position, or takes it away.
    fn place(&self, parent: Option<Key>, key: Key, position: Option<usize>) -> tauri::Result<()> {
        let item = &self.slots[&key].item;
        let submenu = parent.and_then(|parent| self.slots[&parent].item.as_submenu());
        match (submenu, position) {
            (None, Some(position)) => self.menu.insert(item, position),
            (None, None) => self.menu.remove(item),
            (Some(menu), Some(position)) => menu.insert(item, position),
            (Some(menu), None) => menu.remove(item),
        }
    }

    /// Makes an entry the first time; later sets its text and what is in it.
    fn fill(&mut self, item: &Item) -> tauri::Result<()> {
        let text = shown(&item.kind);
        match self.slots.get_mut(&item.key) {
            None => {
                let made = make(&self.app, item, &text)?;
                self.slots.insert(item.key, Slot { item: made, text, inside: Vec::new() });
            }
            Some(slot) if slot.text != text => {
                match &slot.item {
                    MenuItemKind::MenuItem(entry) => entry.set_text(&text)?,
                    MenuItemKind::Submenu(menu) => menu.set_text(&text)?,
                    _ => {}
                }
                slot.text = text;
            }
            Some(_) => {}
        }
        match &item.kind {
            Kind::Submenu { items, .. } => self.arrange(Some(item.key), items),
            _ => Ok(()),
        }
    }
}

fn make(app: &AppHandle, item: &Item, text: &str) -> tauri::Result<MenuItemKind<Wry>> {
    let id = id_of(item.key);
    Ok(match &item.kind {
        Kind::Separator => MenuItemKind::Predefined(PredefinedMenuItem::separator(app)?),
        Kind::Entry { .. } => {
            MenuItemKind::MenuItem(MenuItem::with_id(app, id, text, true, accelerator(item.key))?)
        }
        Kind::Note { .. } => MenuItemKind::MenuItem(MenuItem::with_id(app, id, text, false, None::<&str>)?),
        Kind::Submenu { .. } => MenuItemKind::Submenu(Submenu::with_id(app, id, text, true)?),
    })
}

/// Only macOS shows shortcuts in such a menu.
fn accelerator(key: Key) -> Option<&'static str> {
    match key {
        Key::Settings if cfg!(target_os = "macos") => Some("Cmd+,"),
        Key::Quit if cfg!(target_os = "macos") => Some("Cmd+Q"),
        _ => None,
    }
}

/// A lone `&` would mark a letter, in a file name as well.
fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Separator => String::new(),
        Kind::Entry { text, .. } | Kind::Note { text } | Kind::Submenu { text, .. } => {
            text.replace('&', "&&")
        }
    }
}

fn is_template(look: Look) -> bool {
    cfg!(target_os = "macos") && matches!(look, Look::Light | Look::Dark)
}

/// Returns the id of an entry.
fn id_of(key: Key) -> String {
    format!("{PREFIX}{key:?}")
}

/// Tells whether an id that was chosen is that of a place.
pub fn is_id_of(id: &str, key: Key) -> bool {
    id.strip_prefix(PREFIX).is_some_and(|rest| rest == format!("{key:?}"))
}

/// True for a click that opens the window instead of the menu; there are such only on Windows.
pub fn opens_window(event: &TrayIconEvent) -> bool {
    cfg!(target_os = "windows")
        && matches!(
            event,
            TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
        )
}
