'use strict';
// What v8.serialize and v8.deserialize do, in the notation of clones.rs.

const { serialize, deserialize } = require('node:v8');
const { ownKeys, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;

// The payload of a value and what is read from it; then what is read from another payload of it.
function ofClone(build, other) {
  let value;
  try {
    value = build();
  } catch (e) {
    return `?the value cannot be made: ${e}`;
  }
  let payload;
  try {
    payload = serialize(value).toString('hex');
  } catch (e) {
    const message = e.message
      .replace(/^(\w+)\(argument\) \{ return call\(this, argument\); \} could/, 'function $1() { [native code] } could')
      .replace(/^(Unserializable host object: )[^]*/, '$1')
      .replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
    return `!${e.constructor.name} ${message}`;
  }
  return `${payload}\t${ofPayload(payload)}\t${ofPayload(other)}`;
}

function ofPayload(payload) {
  let value;
  try {
    value = deserialize(Buffer.from(payload, 'hex'));
  } catch (e) {
    return `!${e.message.replace(/\n/g, ' ')}`;
  }
  return describe(value, new Map());
}

function describe(value, seen) {
  switch (typeof value) {
    case 'undefined': return 'u';
    case 'boolean': return value ? 't' : 'f';
    case 'number': return `d${bits(value)}`;
    case 'bigint': return `i${value}`;
    case 'string': return `s${units(value)}`;
  }
  if (value === null) return 'n';
  const inner = (other) => describe(other, seen);
  if (seen.has(value)) return `#${seen.get(value)}`;
  seen.set(value, seen.size);
  const Class = getPrototypeOf(value).constructor;
  const members = () => ownKeys(value).map((key) => {
    const { value: held, enumerable } = getOwnPropertyDescriptor(value, key);
    return key === 'length' && !enumerable ? [] : [`${enumerable ? '' : 'hidden '}${units(key)}:${inner(held)}`];
  }).flat().join(' ');
  switch (Class) {
    case Object: return `o(${members()})`;
    case Array: return `a${value.length}(${members()})`;
    case Map: return `m(${[...value].flat().map(inner).join(' ')})`;
    case Set: return `e(${[...value].map(inner).join(' ')})`;
    case Date: return `D${bits(value.getTime())}`;
    case RegExp: return `R${units(value.source)}/${value.flags}`;
    case ArrayBuffer: return `b${hexOf(value)}${value.resizable ? `~${value.maxByteLength}` : ''}`;
    case Number: case String: case Boolean: case BigInt: return `B(${inner(value.valueOf())})`;
  }
  if (ArrayBuffer.isView(value)) {
    return `v${Class.name}:${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  }
  if (value instanceof Error) {
    const text = (key) => (typeof value[key] === 'string' && Object.hasOwn(value, key) ? units(value[key]) : '_');
    return `E${Class.name}:${text('message')}:${text('stack')}:${Object.hasOwn(value, 'cause') ? inner(value.cause) : '_'}`;
  }
  return `an object of the class ${Class.name}`;
}

const hexOf = (buffer) => Buffer.from(buffer).toString('hex');

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

module.exports = { ofClone, ofPayload };
