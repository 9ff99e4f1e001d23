//! The arena of objects.

use std::fmt;

use crate::{BigInt, JsString, Kind, Object, Properties, Property, PropertyKey, Value, View};

/// An object of a [`Graph`]. Means nothing in another graph.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(u32);

impl ObjectId {
    /// Its place in the arena: less than [`Graph::len`], in order of addition.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A value with all the objects that it refers to.
///
/// An arena: cycles, shared references and any depth are fine, and dropping is flat. Objects are
/// never removed. The default is `undefined`.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    objects: Vec<Object>,
    root: Value,
}

impl Graph {
    /// A graph of this value and no objects yet.
    pub fn new(root: Value) -> Self {
        Self { objects: Vec::new(), root }
    }

    /// The value that the graph stands for.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Changes the value that the graph stands for.
    pub fn set_root(&mut self, root: Value) {
        self.root = root;
    }

    /// Adds an object.
    ///
    /// # Panics
    ///
    /// When there are 2³² objects already.
    pub fn add(&mut self, object: Object) -> ObjectId {
        let id = u32::try_from(self.objects.len()).expect("fewer than 2^32 objects in a graph");
        self.objects.push(object);
        ObjectId(id)
    }

    /// Adds a plain object with these data properties.
    pub fn add_object<K: Into<PropertyKey>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, Value)>,
    ) -> Value {
        let mut object = Object::new(Kind::Plain);
        object.properties = entries
            .into_iter()
            .map(|(key, value)| (key, Property::data(value)))
            .collect::<Properties>();
        Value::Object(self.add(object))
    }

    /// Adds an array of these elements.
    pub fn add_array(&mut self, elements: impl IntoIterator<Item = Value>) -> Value {
        let elements = elements.into_iter().map(Some).collect();
        Value::Object(self.add(Object::new(Kind::Array(elements))))
    }

    /// An object.
    ///
    /// # Panics
    ///
    /// When the id is of another graph that has more objects.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index()]
    }

    /// An object, to change it.
    ///
    /// # Panics
    ///
    /// When the id is of another graph that has more objects.
    pub fn object_mut(&mut self, id: ObjectId) -> &mut Object {
        &mut self.objects[id.index()]
    }

    /// The number of objects, reachable or not.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// A cursor on the root.
    pub fn view(&self) -> View<'_> {
        View::new(self, &self.root)
    }

    /// The object behind any proxies, and whether there were some. Proxies that only lead to one
    /// another have none behind them: the answer is one of them.
    pub(crate) fn target(&self, id: ObjectId) -> (&Object, bool) {
        let mut object = self.object(id);
        let mut left = self.objects.len();
        let mut proxied = false;
        while let Kind::Proxy(target) = object.kind
            && left > 0
        {
            object = self.object(target);
            proxied = true;
            left -= 1;
        }
        (object, proxied)
    }
}

macro_rules! from {
    ($($type:ty),*) => {
        $(impl From<$type> for Graph {
            fn from(value: $type) -> Self {
                Self::new(value.into())
            }
        })*
    };
}

from!(bool, f64, i32, u32, &str, String, JsString, BigInt);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_may_be_a_cycle() {
        let mut graph = Graph::default();
        let array = graph.add_array([]);
        let Value::Object(id) = array else { unreachable!("an array is an object") };
        graph.object_mut(id).define("0", Property::data(array.clone()));
        graph.set_root(array);
        let copy = graph.clone();
        drop(graph);
        assert_eq!(copy.len(), 1);
        assert_eq!(copy.view().index(0).and_then(|v| v.index(0)).map(|v| v.len()), Some(1));
    }

    #[test]
    fn proxies_of_one_another_end() {
        let mut graph = Graph::default();
        let a = graph.add(Object::new(Kind::Plain));
        let b = graph.add(Object::new(Kind::Proxy(a)));
        assert!(graph.target(b) == (graph.object(a), true));
        graph.object_mut(a).kind = Kind::Proxy(b);
        assert!(matches!(graph.target(a).0.kind, Kind::Proxy(_)));
    }

    #[test]
    fn graphs_are_send_and_sync() {
        fn check<T: Send + Sync + Clone + fmt::Debug>() {}
        check::<Graph>();
    }
}
