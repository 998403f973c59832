// Reads every NAME.encrypted of a folder with the JavaScript SDK and compares it with NAME; with a
// second folder, writes messages there in the official manifest form.
//
// The SDK is found from the folder that NODE_SDK names, where tests/setup has installed it.

import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.env.NODE_SDK, 'package.json'))
const {
  AlgorithmSuiteIdentifier, CommitmentPolicy, RawAesKeyringNode, RawAesWrappingSuiteIdentifier, buildClient,
} = require('@aws-crypto/client-node')

const [namespace, name, key] = ['sealdrop-peers', 'key-1', Uint8Array.from({ length: 32 }, (_, i) => i)]
// The keyring wipes the key that it is given.
const material = Buffer.from(key).toString('base64')
const keyring = new RawAesKeyringNode({
  keyNamespace: namespace,
  keyName: name,
  unencryptedMasterKey: key,
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  utf8Sorting: true,
})

async function read (folder) {
  const { decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
  let count = 0
  for (const file of readdirSync(folder).filter((file) => file.endsWith('.encrypted'))) {
    const { plaintext } = await decrypt(keyring, readFileSync(join(folder, file)))
    const expected = readFileSync(join(folder, file.replace(/\.encrypted$/, '')))
    if (!plaintext.equals(expected)) throw new Error(`${file} came out otherwise`)
    count += 1
  }
  console.log(count)
}

async function write (folder) {
  mkdirSync(folder, { recursive: true })
  const tests = {}
  for (const suiteId of Object.values(AlgorithmSuiteIdentifier).filter((id) => typeof id === 'number')) {
    const committing = suiteId === 0x0478 || suiteId === 0x0578
    const policy = committing ? 'REQUIRE_ENCRYPT_REQUIRE_DECRYPT' : 'FORBID_ENCRYPT_ALLOW_DECRYPT'
    const { encrypt } = buildClient(CommitmentPolicy[policy])
    for (const frameLength of [1, 128, 4096]) {
      for (const size of new Set([0, 1, frameLength, frameLength + 1])) {
        const test = `${suiteId.toString(16).padStart(4, '0')}-${frameLength}-${size}`
        const plaintext = Buffer.alloc(size, 0x61)
        const options = { suiteId, frameLength, plaintextLength: size, encryptionContext: { größe: String(size) } }
        const { result } = await encrypt(keyring, plaintext, options)
        writeFileSync(join(folder, test), result)
        writeFileSync(join(folder, `${test}.plaintext`), plaintext)
        tests[test] = {
          ciphertext: `file://${test}`,
          'master-keys': [{ type: 'raw', key: name, 'provider-id': namespace, 'encryption-algorithm': 'aes' }],
          result: { output: { plaintext: `file://${test}.plaintext` } },
        }
      }
    }
  }
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: { [name]: { 'key-id': name, material } } }))
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ keys: 'file://keys.json', tests }))
  console.log(Object.keys(tests).length)
}

const [what, folder] = process.argv.slice(2)
await (what === 'write' ? write(folder) : read(folder))
