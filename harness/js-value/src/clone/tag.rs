//! The tags of the format, by V8's names for them.

use crate::ViewClass;

pub(super) const VERSION: u8 = 0xff;
pub(super) const PADDING: u8 = 0x00;
pub(super) const VERIFY_OBJECT_COUNT: u8 = b'?';

pub(super) const UNDEFINED: u8 = b'_';
pub(super) const NULL: u8 = b'0';
pub(super) const TRUE: u8 = b'T';
pub(super) const FALSE: u8 = b'F';
pub(super) const INT32: u8 = b'I';
pub(super) const UINT32: u8 = b'U';
pub(super) const DOUBLE: u8 = b'N';
pub(super) const BIG_INT: u8 = b'Z';
pub(super) const ONE_BYTE_STRING: u8 = b'"';
pub(super) const TWO_BYTE_STRING: u8 = b'c';
pub(super) const UTF8_STRING: u8 = b'S';

pub(super) const OBJECT_REFERENCE: u8 = b'^';
pub(super) const BEGIN_OBJECT: u8 = b'o';
pub(super) const END_OBJECT: u8 = b'{';
pub(super) const BEGIN_DENSE_ARRAY: u8 = b'A';
pub(super) const HOLE: u8 = b'-';
pub(super) const END_DENSE_ARRAY: u8 = b'$';
pub(super) const BEGIN_SPARSE_ARRAY: u8 = b'a';
pub(super) const END_SPARSE_ARRAY: u8 = b'@';
pub(super) const BEGIN_MAP: u8 = b';';
pub(super) const END_MAP: u8 = b':';
pub(super) const BEGIN_SET: u8 = b'\'';
pub(super) const END_SET: u8 = b',';
pub(super) const DATE: u8 = b'D';
pub(super) const TRUE_OBJECT: u8 = b'y';
pub(super) const FALSE_OBJECT: u8 = b'x';
pub(super) const NUMBER_OBJECT: u8 = b'n';
pub(super) const BIG_INT_OBJECT: u8 = b'z';
pub(super) const STRING_OBJECT: u8 = b's';
pub(super) const REG_EXP: u8 = b'R';
pub(super) const ARRAY_BUFFER: u8 = b'B';
pub(super) const RESIZABLE_ARRAY_BUFFER: u8 = b'~';
/// Node 26 reads it, and writes it with `--js-immutable-arraybuffer`.
pub(super) const IMMUTABLE_ARRAY_BUFFER: u8 = b'C';
/// V8's own record of a view, after its ArrayBuffer. Node reads it and does not write it.
pub(super) const ARRAY_BUFFER_VIEW: u8 = b'V';
pub(super) const HOST_OBJECT: u8 = b'\\';
pub(super) const ERROR: u8 = b'r';

pub(super) const ERROR_MESSAGE: u8 = b'm';
pub(super) const ERROR_STACK: u8 = b's';
pub(super) const ERROR_CAUSE: u8 = b'c';
pub(super) const ERROR_END: u8 = b'.';

/// After [`HOST_OBJECT`] on a channel.
pub(super) const HOST_VIEW: u32 = 0;
pub(super) const HOST_OTHER: u32 = 1;

/// The classes of views by Node's number for them.
pub(super) const HOST_VIEWS: &[ViewClass] = &[
    ViewClass::Int8Array,
    ViewClass::Uint8Array,
    ViewClass::Uint8ClampedArray,
    ViewClass::Int16Array,
    ViewClass::Uint16Array,
    ViewClass::Int32Array,
    ViewClass::Uint32Array,
    ViewClass::Float32Array,
    ViewClass::Float64Array,
    ViewClass::DataView,
    ViewClass::Buffer,
    ViewClass::BigInt64Array,
    ViewClass::BigUint64Array,
    ViewClass::Float16Array,
];

/// The class of a view by V8's tag for it.
pub(super) fn view_class(tag: u8) -> Option<ViewClass> {
    Some(match tag {
        b'b' => ViewClass::Int8Array,
        b'B' => ViewClass::Uint8Array,
        b'C' => ViewClass::Uint8ClampedArray,
        b'w' => ViewClass::Int16Array,
        b'W' => ViewClass::Uint16Array,
        b'd' => ViewClass::Int32Array,
        b'D' => ViewClass::Uint32Array,
        b'h' => ViewClass::Float16Array,
        b'f' => ViewClass::Float32Array,
        b'F' => ViewClass::Float64Array,
        b'q' => ViewClass::BigInt64Array,
        b'Q' => ViewClass::BigUint64Array,
        b'?' => ViewClass::DataView,
        _ => return None,
    })
}
