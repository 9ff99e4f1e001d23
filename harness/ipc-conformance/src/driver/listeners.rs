//! Listeners that the plan adds, and their calls.

use ipc_plan::{Event, Recipe, Seen, Step};

use crate::process::{Process, Task, Uncaught};

/// A listener.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    key: u64,
    event: Event,
    name: Option<String>,
    once: bool,
    times: Option<u32>,
    steps: Vec<Step>,
}

/// Listeners in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    list: Vec<Listener>,
    next_key: u64,
}

impl Process {
    pub(crate) fn add_listener(
        &mut self,
        event: Event,
        name: Option<String>,
        once: bool,
        times: Option<u32>,
        steps: Vec<Step>,
    ) {
        let key = self.listeners.next_key;
        self.listeners.next_key += 1;
        self.listeners.list.push(Listener { key, event, name, once, times, steps });
        self.count_listeners();
        if !self.early.is_empty() {
            self.ticks.push_back(Task::FlushEarly);
        }
    }

    pub(crate) fn remove_listener(&mut self, event: Event, name: Option<&str>) {
        let found =
            self.listeners.list.iter().rposition(|l| l.event == event && l.name.as_deref() == name);
        if let Some(index) = found {
            self.listeners.list.remove(index);
            self.count_listeners();
        }
    }

    pub(crate) fn remove_all_listeners(&mut self, event: Option<Event>) {
        self.listeners.list.retain(|l| event.is_some_and(|event| l.event != event));
        self.count_listeners();
    }

    pub(crate) fn listens(&self, event: Event) -> bool {
        self.listeners.list.iter().any(|l| l.event == event)
    }

    fn count_listeners(&mut self) {
        let count = |event| self.listeners.list.iter().filter(|l| l.event == event).count();
        let (messages, disconnects) = (count(Event::Message), count(Event::Disconnect));
        let internal = self.listens(Event::InternalMessage);
        if let Some(channel) = self.channel() {
            channel.report_wrappers(internal);
            channel.update_keep_alive(|keep| {
                keep.set_message_listeners(messages);
                keep.set_disconnect_listeners(disconnects);
            });
        }
    }

    /// Calls the listeners of an event, in order. An exception leaves the rest uncalled.
    pub(crate) fn emit(&mut self, event: Event, arguments: &[Recipe]) -> Result<(), Uncaught> {
        let called: Vec<Listener> =
            self.listeners.list.iter().filter(|l| l.event == event).cloned().collect();
        if called.is_empty() && event == Event::Error {
            return Err(Uncaught(arguments.first().cloned().unwrap_or_else(Recipe::undefined)));
        }
        for listener in called {
            if listener.once {
                self.listeners.list.retain(|l| l.key != listener.key);
                self.count_listeners();
            }
            self.log.record(Seen::Event {
                event,
                listener: listener.name.clone(),
                arguments: arguments.to_vec(),
                count: None,
                receiver: None,
            });
            self.events_seen.push((event, arguments.first().cloned()));
            let active = match listener.times {
                None => true,
                Some(times) => {
                    let left = times > 0;
                    if let Some(l) = self.listeners.list.iter_mut().find(|l| l.key == listener.key)
                    {
                        l.times = Some(times.saturating_sub(1));
                    }
                    left
                }
            };
            if active {
                self.perform_all(&listener.steps)?;
            }
        }
        Ok(())
    }
}
