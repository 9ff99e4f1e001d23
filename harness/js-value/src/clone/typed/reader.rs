//! A payload that is being read: references, limits, and what is skipped.

use serde::de::Deserialize;

use crate::clone::input::{Input, NO_HOST_OBJECT, NO_OBJECT, malformed};
use crate::clone::part::{Bytes, Part};
use crate::clone::read::{FLAGGED_VIEWS, header, read};
use crate::clone::walk::{Format, Object, Walk};
use crate::clone::{ReadError, ReadLimits};
use crate::typed::{DEFAULT_MAX_DEPTH, Failure};

/// A payload and how far it is read.
pub(super) struct Reader<'de> {
    pub(super) input: Input<'de>,
    /// Where the value begins.
    start: usize,
    format: Format,
    limits: ReadLimits,
    depth: usize,
    limit: usize,
    /// All objects by their numbers, once the whole payload was looked through.
    objects: Option<Vec<Object<'de>>>,
    /// For how much that is not in the payload at that place: holes of arrays, and bytes of objects
    /// that are read again.
    credit: usize,
}

/// What is around a value.
struct Around {
    /// Where to go on after an object that is read again.
    back: Option<usize>,
    /// How many objects of the host.
    hosts: usize,
}

impl<'de> Reader<'de> {
    /// Of a payload that nothing is read of.
    #[inline]
    pub(super) fn new(payload: &'de [u8], limits: &ReadLimits) -> Self {
        Self {
            input: Input { bytes: payload, at: 0 },
            start: 0,
            format: Format { dialect: limits.dialect, flagged: true },
            limits: *limits,
            depth: 0,
            limit: limits.max_depth.unwrap_or(DEFAULT_MAX_DEPTH),
            objects: None,
            credit: payload.len().saturating_mul(CREDIT_PER_BYTE).saturating_add(CREDIT),
        }
    }

    /// Reads the value.
    #[inline]
    pub(super) fn read<T: Deserialize<'de>>(&mut self) -> Result<T, Failure> {
        let (version, start) = header(self.input.bytes)?;
        self.start = start;
        self.input.at = start;
        if version < FLAGGED_VIEWS {
            self.find_flags();
        }
        T::deserialize(self)
    }

    /// Finds out whether views have flags: some versions of V8 wrote them already before they should.
    #[cold]
    fn find_flags(&mut self) {
        self.format.flagged = false;
        let deepest = self.limits.max_depth.unwrap_or(usize::MAX);
        let read = Walk::of_payload(self.input, self.format, deepest).run();
        self.format.flagged = read.is_err();
    }

    /// Why the value was not read: the type only if the payload is one that Node reads.
    #[cold]
    pub(super) fn reason(&mut self, failure: Failure) -> Failure {
        if !failure.is_of_type() {
            return failure;
        }
        match self.check() {
            Err(error) => error.into(),
            Ok(()) => failure,
        }
    }

    /// Looks through the whole payload, once.
    #[cold]
    pub(super) fn check(&mut self) -> Result<(), ReadError> {
        if self.objects.is_some() {
            return Ok(());
        }
        let input = Input { at: self.start, ..self.input };
        let deepest = self.limits.max_depth.unwrap_or(usize::MAX);
        let mut walk = Walk::of_payload(input, self.format, deepest);
        walk.run()?;
        if walk.doubt {
            read(self.input.bytes, &self.limits)?;
        }
        self.objects = Some(walk.into_objects());
        Ok(())
    }

    /// Reads a value for nobody, of any depth that the caller allows.
    pub(super) fn skip(&mut self) -> Result<(), Failure> {
        let deepest = self.limits.max_depth.unwrap_or(usize::MAX);
        let mut walk = Walk::of_part(self.input, self.format, self.depth, deepest);
        walk.run()?;
        self.input.at = walk.input.at;
        if walk.doubt {
            self.check()?;
        }
        Ok(())
    }

    /// One level more, that begins here.
    #[inline]
    pub(super) fn enter(&mut self, position: usize) -> Result<(), ReadError> {
        if self.depth >= self.limit {
            return Err(ReadError::TooDeep { position, limit: self.limit });
        }
        self.depth += 1;
        Ok(())
    }

    /// One level less.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Takes so much of the credit.
    #[inline]
    pub(super) fn charge(&mut self, amount: usize) -> Result<(), Failure> {
        match self.credit.checked_sub(amount) {
            Some(rest) => {
                self.credit = rest;
                Ok(())
            }
            None => Err(Failure::new(
                "holes and objects that are referred to again come to far more than the payload",
            )),
        }
    }

    /// Reads a value and hands it on.
    #[inline]
    pub(super) fn value<R>(
        &mut self,
        take: impl FnOnce(&mut Self, Part<'de>, usize) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let start = self.input.at;
        let mut around = Around { back: None, hosts: 0 };
        let part = match self.input.part(self.format.dialect)? {
            part @ (Part::Host | Part::Reference(_) | Part::Bytes(_)) => {
                self.object(part, start, &mut around).map_err(|failure| failure.at(start))?
            }
            part => part,
        };
        let value = take(self, part, start).map_err(|failure| failure.at(start))?;
        if let Some(back) = around.back {
            self.input.at = back;
        }
        self.depth -= around.hosts;
        Ok(value)
    }

    /// The object that one of the host, a reference or an ArrayBuffer stands for.
    fn object(
        &mut self,
        mut part: Part<'de>,
        mut position: usize,
        around: &mut Around,
    ) -> Result<Part<'de>, Failure> {
        loop {
            match part {
                Part::Host => {
                    self.enter(position)?;
                    around.hosts += 1;
                }
                Part::Reference(number) => {
                    self.check()?;
                    let objects = self.objects.as_deref().unwrap_or_default();
                    let object = objects.get(number as usize).copied();
                    let object = object.ok_or_else(|| malformed(position, NO_OBJECT))?;
                    if let Some(bytes) = object.bytes {
                        return self.bytes(bytes);
                    }
                    if (object.start..object.end).contains(&position) {
                        return Err(Failure::new("an object that holds itself"));
                    }
                    self.charge(object.end - object.start)?;
                    around.back.get_or_insert(self.input.at);
                    self.input.at = object.start;
                }
                Part::Bytes(bytes) => return self.bytes(bytes),
                Part::Undefined
                | Part::Null
                | Part::Bool(_)
                | Part::Int32(_)
                | Part::Number(_)
                | Part::BigInt(_)
                | Part::String(_)
                    if around.hosts > 0 =>
                {
                    return Err(malformed(self.input.at, NO_HOST_OBJECT).into());
                }
                part => return Ok(part),
            }
            position = self.input.at;
            part = self.input.part(self.format.dialect)?;
        }
    }

    /// Bytes with the view after them, if there is one.
    fn bytes(&mut self, bytes: Bytes<'de>) -> Result<Part<'de>, Failure> {
        let view = bytes.seen_as_view(&mut self.input, self.format)?;
        if view.is_some() {
            self.check()?;
        }
        Ok(Part::Bytes(view.unwrap_or(bytes)))
    }
}

/// Each byte of a payload is worth so much.
const CREDIT_PER_BYTE: usize = 8;
/// Each payload is worth so much more.
const CREDIT: usize = 1 << 16;
