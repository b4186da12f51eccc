// Checks one entry of an evidence log, without trusting whoever gave it.
//
//   node check-evidence.mjs KEYFILE PROOFFILE
//
// KEYFILE is the log's verifier key: one line, from /evidence/key on the
// operator's website, or better from somewhere else. PROOFFILE is the proof of
// an entry, as the history in the customer portal gives it. Nothing is fetched,
// and nothing is needed but Node 18 or later. It ends with code 0 and says what
// the entry says, or with code 1 and says what does not hold.
//
// The formats are described in docs/evidence.md. This program shares no code
// with the server.

import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

class Wrong extends Error {}

function must(holds, what) {
  if (!holds) throw new Wrong(what);
}

function sha256(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

// Base64 in its one canonical form: what it decodes to encodes to the same.
function bytes(text, length, what) {
  const raw = Buffer.from(String(text), "base64");
  must(raw.toString("base64") === text, `${what} is not canonical base64`);
  must(length === undefined || raw.length === length, `${what} is not ${length} bytes long`);
  return raw;
}

// The verifier key: name+id+key. The key is one byte for its kind, 1 for
// Ed25519, and 32 bytes; the id is the first 4 bytes of a hash of name and key
// (C2SP signed-note).
function readKey(text) {
  const [, name, id, encoded] = text.trim().match(/^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/) ?? [];
  must(name, "the key file holds no verifier key");
  const raw = bytes(encoded, 33, "the verifier key");
  must(raw[0] === 1, "the verifier key is not for Ed25519");
  const hash = sha256(name, "\n", raw).subarray(0, 4);
  must(hash.toString("hex") === id, "the verifier key does not fit its own id");
  const x = raw.subarray(1).toString("base64url");
  return { name, hash, key: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }) };
}

// 1. The checkpoint is a note: a text, an empty line, lines of signatures. The
// text is the log's name, how many entries it has, and the root of its tree.
function checkCheckpoint(note, { name, hash, key }) {
  const end = note.indexOf("\n\n");
  must(end >= 0 && note.endsWith("\n"), "the checkpoint is not a signed note");
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split("\n");
  must(lines.every((line) => /^\u2014 \S+ \S+$/.test(line)), "the checkpoint has a line that is no signature");
  const signed = lines.some((line) => {
    if (!line.startsWith(`\u2014 ${name} `)) return false; // somebody else's, such as a witness's
    const signature = bytes(line.split(" ")[2], undefined, "the signature");
    return signature.length === 68 && signature.subarray(0, 4).equals(hash) && verify(null, Buffer.from(text), key, signature.subarray(4));
  });
  must(signed, "the checkpoint is not signed with this key");
  const [origin, size, root, ...rest] = text.split("\n");
  must(rest.join() === "" && origin === name && /^(0|[1-9][0-9]{0,15})$/.test(size), "the checkpoint is not one of this log");
  return { size: Number(size), root: bytes(root, 32, "the root") };
}

// JSON with its members sorted and no spaces (RFC 8785). In a body, numbers are
// whole and texts need no escaping, so this much is enough.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

// 2. The leaf is what the log holds of the entry: its place, and a salted hash
// of what it says. So nobody can read it from the log, and nobody can change
// what it says.
function checkLeaf(proof) {
  const leaf = bytes(proof.leaf, 88, "the leaf");
  must(leaf.subarray(0, 16).toString("latin1") === "candour-leaf/v1\n", "the leaf is not of a known version");
  must(Number.isSafeInteger(proof.seq) && leaf.readBigUInt64BE(16) === BigInt(proof.seq), "the leaf has another place in the log than the proof says");
  const commitment = sha256("candour-body/v1\n", bytes(proof.salt, 32, "the salt"), canonical(proof.body));
  must(commitment.equals(leaf.subarray(24, 56)), "the leaf does not commit to this body: body or salt was changed");
  return leaf;
}

// 3. The leaf stands in the tree that was signed: hashed together with its
// sisters, from the leaf up, it gives the root (RFC 9162 section 2.1.3.2, RFC
// 6962 hashes).
function checkInclusion(leaf, proof, { size, root }) {
  let index = BigInt(proof.seq);
  let last = BigInt(size) - 1n;
  must(index <= last, "the checkpoint is older than the entry");
  let node = sha256(Buffer.of(0), leaf);
  for (const text of proof.inclusion_proof) {
    const sister = bytes(text, 32, "a hash of the inclusion proof");
    must(last > 0n, "the inclusion proof is too long");
    if (index % 2n === 1n || index === last) {
      node = sha256(Buffer.of(1), sister, node);
      while (index % 2n === 0n && index > 0n) {
        index /= 2n;
        last /= 2n;
      }
    } else {
      node = sha256(Buffer.of(1), node, sister);
    }
    index /= 2n;
    last /= 2n;
  }
  must(last === 0n && node.equals(root), "the inclusion proof does not lead from the leaf to the signed root");
}

function main([keyFile, proofFile]) {
  must(keyFile && proofFile, "usage: node check-evidence.mjs KEYFILE PROOFFILE");
  const key = readKey(readFileSync(keyFile, "utf8"));
  const proof = JSON.parse(readFileSync(proofFile, "utf8"));
  must(proof?.version === "candour-opening/v1" && Array.isArray(proof.inclusion_proof) && proof.inclusion_proof.length < 64, "the proof is not of a known version");
  const checkpoint = checkCheckpoint(String(proof.checkpoint), key);
  checkInclusion(checkLeaf(proof), proof, checkpoint);
  console.log(`entry ${proof.seq} of ${checkpoint.size} in ${key.name} holds:`);
  console.log(JSON.stringify(proof.body, null, 2));
  if (Number.isSafeInteger(proof.body?.at)) console.log(`It says that it happened at ${new Date(proof.body.at).toISOString()}.`);
}

try {
  main(process.argv.slice(2));
} catch (err) {
  console.error(err instanceof Wrong ? `does not hold: ${err.message}` : `cannot be read: ${err.message}`);
  process.exitCode = 1;
}
