'use strict';
// Reads lines of JSON arrays of hex chunks; answers for each the text that StringDecoder makes of the chunks.
const { StringDecoder } = require('string_decoder');
const lines = require('fs').readFileSync(0, 'latin1').trim().split('\n');
for (const line of lines) {
  const decoder = new StringDecoder('utf8');
  const text = JSON.parse(line).map((hex) => decoder.write(Buffer.from(hex, 'hex'))).join('');
  console.log(Buffer.from(text).toString('hex'));
}
