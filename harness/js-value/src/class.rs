//! Names of built-in classes.

use std::fmt;

macro_rules! classes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* #[doc = concat!("`", $text, "`.")] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of the constructor.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The class whose constructor has this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|class| class.name() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

classes! {
    /// A built-in class of errors.
    ErrorClass {
        Error = "Error",
        TypeError = "TypeError",
        RangeError = "RangeError",
        SyntaxError = "SyntaxError",
        ReferenceError = "ReferenceError",
        EvalError = "EvalError",
        UriError = "URIError",
        AggregateError = "AggregateError",
    }
}

classes! {
    /// A class of views of an ArrayBuffer.
    ViewClass {
        Int8Array = "Int8Array",
        Uint8Array = "Uint8Array",
        Uint8ClampedArray = "Uint8ClampedArray",
        Int16Array = "Int16Array",
        Uint16Array = "Uint16Array",
        Int32Array = "Int32Array",
        Uint32Array = "Uint32Array",
        Float16Array = "Float16Array",
        Float32Array = "Float32Array",
        Float64Array = "Float64Array",
        BigInt64Array = "BigInt64Array",
        BigUint64Array = "BigUint64Array",
        DataView = "DataView",
        /// Node's subclass of Uint8Array:
        Buffer = "Buffer",
    }
}

classes! {
    /// A class whose objects show nothing of what they hold.
    OpaqueClass {
        Promise = "Promise",
        WeakMap = "WeakMap",
        WeakSet = "WeakSet",
        WeakRef = "WeakRef",
        /// What a generator function returns:
        Generator = "Generator",
    }
}

impl ViewClass {
    /// Bytes of an element; `None` for a DataView, which has no elements.
    pub const fn element_size(self) -> Option<usize> {
        Some(match self {
            Self::Int8Array | Self::Uint8Array | Self::Uint8ClampedArray | Self::Buffer => 1,
            Self::Int16Array | Self::Uint16Array | Self::Float16Array => 2,
            Self::Int32Array | Self::Uint32Array | Self::Float32Array => 4,
            Self::Float64Array | Self::BigInt64Array | Self::BigUint64Array => 8,
            Self::DataView => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for class in ViewClass::ALL {
            assert_eq!(ViewClass::from_name(class.name()), Some(*class));
        }
        assert_eq!(ErrorClass::from_name("URIError"), Some(ErrorClass::UriError));
        assert_eq!(ErrorClass::from_name("DOMException"), None);
        assert_eq!(OpaqueClass::Generator.to_string(), "Generator");
    }
}
