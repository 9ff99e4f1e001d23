'use strict';
// Answers what JSON.stringify, JSON.parse, v8.serialize and v8.deserialize of this runtime do with
// the values, texts and payloads that it is asked about. The notation is described in notation.rs.
//
// The first line out says which classes there are here. Then each batch of lines that an empty line
// ends is answered with as many lines.

const { readSync, writeSync } = require('node:fs');
const { ownKeys, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
const { defineProperty, setPrototypeOf } = Object;
const { stringify, parse } = JSON;
const { ofClone, ofPayload } = require('./clones.cjs');

Error.stackTraceLimit = 0;

function main() {
  writeSync(1, `${features().join(' ')}\n`);
  const chunk = Buffer.alloc(1 << 16);
  let pending = '';
  for (;;) {
    const size = readSync(0, chunk);
    if (size === 0) return;
    pending += chunk.toString('latin1', 0, size); // Questions are ASCII.
    for (let end; (end = pending.indexOf('\n\n')) >= 0; pending = pending.slice(end + 2)) {
      const answers = Buffer.from(pending.slice(0, end).split('\n').map(answer).join('\n') + '\n');
      for (let at = 0; at < answers.length;) at += writeSync(1, answers, at);
    }
  }
}

function features() {
  const found = ['rawJSON', 'Float16Array'].filter((name) => name in JSON || name in globalThis);
  try {
    String(new Proxy(new URL('x:'), {}));
  } catch {
    found.push('URL'); // Since Node 20 its methods take no proxies.
  }
  if ('resizable' in ArrayBuffer.prototype) found.push('resizable');
  if (ofPayload('ff0f72635e002e')[0] !== '!') found.push('cyclicCauses');
  if (ofPayload('ff0f4300')[0] !== '!') found.push('immutable');
  if (ofPayload('ff0f5a01')[0] !== '!') found.push('negativeZeroBigInt');
  return found;
}

function answer(question) {
  if (question[0] === '<') return ofPayload(question.slice(1));
  if (question[0] === '>') {
    const at = question.indexOf(' ');
    return ofClone(() => new Builder(question.slice(at + 1)).build().root, question.slice(1, at));
  }
  if (question[0] === '"') return ofText(Buffer.from(question.slice(1), 'hex').toString());
  let built;
  try {
    built = new Builder(question).build();
  } catch (e) {
    return `?the value cannot be made: ${e}`;
  }
  const { root, bigInt, object } = built;
  if (!bigInt && !object) return ofValue(root);
  try {
    if (bigInt) patch(BigInt.prototype, bigInt);
    if (object) patch(Object.prototype, object);
    return ofValue(root);
  } finally {
    delete BigInt.prototype.toJSON;
    delete Object.prototype.toJSON;
  }
}

const patch = (prototype, value) => {
  defineProperty(prototype, 'toJSON', { value, configurable: true, writable: true, enumerable: false });
};

function ofValue(value) {
  let text;
  try {
    text = stringify(value);
  } catch (e) {
    const message = e.message.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
    return `!${e.constructor.name} ${message}`;
  }
  return text === undefined ? 'undefined' : `${text}\t${describe(parse(text))}`;
}

function ofText(text) {
  let value;
  try {
    value = parse(text);
  } catch (e) {
    return `!${e.constructor.name}`;
  }
  return `${stringify(value)}\t${describe(value)}`;
}

// What a value of JSON.parse is: JSON.stringify would lose -0 and infinities.
function describe(value) {
  switch (typeof value) {
    case 'boolean': return value ? 't' : 'f';
    case 'number': return `d${bits(value)}`;
    case 'string': return `s${units(value)}`;
  }
  if (value === null) return 'n';
  if (Array.isArray(value)) return `[${value.map(describe).join(' ')}]`;
  if (getPrototypeOf(value) !== Object.prototype) return 'an object of another class';
  const member = (key) => {
    const { value: inner, enumerable } = getOwnPropertyDescriptor(value, key);
    return `${enumerable ? '' : 'hidden '}${units(key)}:${describe(inner)}`;
  };
  return `{${ownKeys(value).map(member).join(' ')}}`;
}

const wide = new DataView(new ArrayBuffer(8));

const bits = (number) => {
  wide.setFloat64(0, number);
  return wide.getBigUint64(0).toString(16).padStart(16, '0');
};

const units = (string) => {
  let hex = '';
  for (let at = 0; at < string.length; at++) hex += string.charCodeAt(at).toString(16).padStart(4, '0');
  return hex;
};

const ofUnits = (hex) => {
  let string = '';
  for (let at = 0; at < hex.length; at += 4) string += String.fromCharCode(parseInt(hex.slice(at, at + 4), 16));
  return string;
};

const subclasses = new Map();

function subclass(Base, name) {
  const key = `${name} extends ${Base.name}`;
  if (!subclasses.has(key)) {
    // Made from its text: a name that is given in any other way is not the one V8 tells.
    const text = `return class ${name} ${Base === Object ? '' : 'extends Base'} {}`;
    subclasses.set(key, new Function('Base', text)(Base));
  }
  return subclasses.get(key);
}

// Reads a question about a value. All objects are made before anything refers to them.
class Builder {
  constructor(question) {
    this.tokens = question.split(' ');
    this.at = 0;
    this.objects = [];
  }

  build() {
    const shells = this.list(() => {
      const shell = this.object();
      this.objects.push(shell.object);
      return shell;
    });
    for (const shell of shells) this.fill(shell);
    const root = this.value();
    const bigInt = this.behaviour();
    const object = this.behaviour();
    if (this.at !== this.tokens.length) throw new Error(`left over: ${this.tokens.slice(this.at)}`);
    return { root, bigInt, object };
  }

  next() {
    if (this.at >= this.tokens.length) throw new Error('the question ends too early');
    return this.tokens[this.at++];
  }

  list(item) {
    return Array.from({ length: Number(this.next()) }, item);
  }

  // The object without what refers to other objects, and how to give it that.
  object() {
    const kind = this.next();
    const prototype = this.next();
    const name = prototype[0] === '.' && ofUnits(prototype.slice(1));
    const extend = (Base) => (name ? subclass(Base, name) : Base);
    const make = (Base, ...args) => Reflect.construct(extend(Base), args);
    const adopt = (object) => (name ? setPrototypeOf(object, extend(object.constructor).prototype) : object);
    return { prototype, ...this.shell(kind, make, adopt) };
  }

  shell(kind, make, adopt) {
    switch (kind) {
      case 'Plain': return { object: make(Object) };
      case 'Array': return {
        object: make(Array),
        fill: (array) => {
          const elements = this.list(() => this.optional());
          // V8 holds numbers as doubles if all are numbers, and has a memory of its own for holes.
          if (!elements.every((element) => element && typeof element[0] === 'number')) {
            array.push({});
            array.pop();
          }
          elements.forEach((element, at) => { if (element) [array[at]] = element; });
          array.length = elements.length;
        },
      };
      case 'Function': {
        let behaviour;
        const name = this.value();
        // Made from its text, so that V8 knows its name.
        const text = `return { ${name}(argument) { return call(this, argument); } }.${name}`;
        const object = new Function('call', text)((self, argument) => behaviour.call(self, argument));
        return { object: adopt(object), fill: () => { behaviour = this.behaviour(); } };
      }
      case 'Map': return { object: make(Map), fill: (map) => this.list(() => map.set(this.value(), this.value())) };
      case 'Set': return { object: make(Set), fill: (set) => this.list(() => set.add(this.value())) };
      case 'Date': return { object: make(Date, this.value()) };
      case 'RegExp': return { object: make(RegExp, this.value(), this.value()) };
      case 'Error': {
        const Class = globalThis[this.next()];
        const [message] = this.optional() || [];
        const stack = this.optional();
        const made = (error) => {
          if (stack) defineProperty(error, 'stack', { value: stack[0], writable: true, configurable: true });
          else delete error.stack;
          return error;
        };
        return {
          object: made(Class === AggregateError ? make(Class, [], message) : make(Class, message)),
          fill: (error) => {
            const cause = this.optional();
            if (cause) defineProperty(error, 'cause', { value: cause[0], writable: true, configurable: true });
          },
        };
      }
      case 'Boxed': {
        const value = this.value();
        const box = Object(value);
        const constructed = typeof value !== 'symbol' && typeof value !== 'bigint';
        return { object: constructed ? make(box.constructor, value) : adopt(box) };
      }
      case 'ArrayBuffer':
      case 'SharedArrayBuffer': {
        const bytes = this.bytes();
        const maximum = this.next();
        const object = make(globalThis[kind], bytes.length, maximum === '_' ? undefined : { maxByteLength: Number(maximum) });
        new Uint8Array(object).set(bytes);
        return { object };
      }
      case 'View': {
        const name = this.next();
        const bytes = this.bytes();
        if (name === 'Buffer') return { object: adopt(Buffer.from(bytes)) };
        const Class = globalThis[name];
        if (name === 'DataView') return { object: make(Class, bytes.buffer) };
        return { object: make(Class, bytes.buffer, 0, Math.floor(bytes.length / Class.BYTES_PER_ELEMENT)) };
      }
      case 'Url': return { object: make(URL, this.value()) };
      case 'Proxy': return { object: new Proxy(this.objects[Number(this.next())], {}) };
      case 'Arguments': {
        const object = (function () { return arguments; })(...Array(Number(this.next())));
        return { object, fill: () => { for (let at = 0; at < object.length; at++) object[at] = this.value(); } };
      }
      case 'RawJson': return { object: JSON.rawJSON(this.value()) };
      case 'Promise': return { object: make(Promise, () => {}) };
      case 'WeakMap': return { object: make(WeakMap) };
      case 'WeakSet': return { object: make(WeakSet) };
      case 'WeakRef': return { object: make(WeakRef, {}) };
      case 'Generator': return { object: (function* () {})() };
      default: throw new Error(`no kind ${kind}`);
    }
  }

  fill({ object, fill, prototype }) {
    if (fill) fill(object);
    if (prototype === 'null') setPrototypeOf(object, null);
    if (prototype === 'inherits') setPrototypeOf(object, this.properties({}));
    this.properties(object);
  }

  properties(object) {
    this.list(() => {
      const key = this.value();
      const enumerable = this.next() === 'shown';
      const data = this.optional();
      if (data) defineProperty(object, key, { value: data[0], enumerable, writable: true, configurable: true });
      else defineProperty(object, key, { get: this.behaviour(), enumerable, configurable: true });
    });
    return object;
  }

  behaviour() {
    const what = this.next();
    switch (what) {
      case '_': return undefined;
      case 'returns': {
        const value = this.value();
        return () => value;
      }
      case 'throws': {
        const Class = globalThis[this.next()];
        const message = this.value();
        return () => { throw Class === AggregateError ? new Class([], message) : new Class(message); };
      }
    }
    const prefix = this.value();
    switch (what) {
      case 'key': return (key) => prefix + key;
      case 'jsonKey': return (key) => prefix + stringify(key);
      case 'this': return function () { return prefix + String(this); };
      default: throw new Error(`no behaviour ${what}`);
    }
  }

  // The value in a list, or undefined if there is none.
  optional() {
    if (this.tokens[this.at] !== '_') return [this.value()];
    this.at++;
    return undefined;
  }

  value() {
    const token = this.next();
    const rest = token.slice(1);
    switch (token[0]) {
      case 'u': return undefined;
      case 'n': return null;
      case 't': return true;
      case 'f': return false;
      case 'd': wide.setBigUint64(0, BigInt(`0x${rest}`)); return wide.getFloat64(0);
      case 'i': return BigInt(rest);
      case 's': return ofUnits(rest);
      case 'y': return Symbol('symbol');
      case 'o': return this.objects[Number(rest)];
      default: throw new Error(`no value ${token}`);
    }
  }

  bytes() {
    return Uint8Array.from(Buffer.from(this.next().slice(1), 'hex'));
  }
}

main();
