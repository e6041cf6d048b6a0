// Passkeys (W3C Web Authentication): the forms of the sign-in and of the own account hand the browser's answer on.
// Without this script codes of an app and codes on paper still work.
import './portal'

type Json = Record<string, unknown>

const bytes = (text: string): ArrayBuffer => {
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(raw, (sign) => sign.charCodeAt(0)).buffer
}
const text = (buffer: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

const named = (list: unknown): PublicKeyCredentialDescriptor[] =>
  ((list as { id: string; type: 'public-key' }[] | undefined) ?? []).map((each) => ({ id: bytes(each.id), type: each.type }))

const answerOf = (made: PublicKeyCredential): string => {
  const given = made.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse
  const response: Json = { clientDataJSON: text(given.clientDataJSON) }
  if (given.attestationObject) response.attestationObject = text(given.attestationObject)
  if (given.authenticatorData) response.authenticatorData = text(given.authenticatorData)
  if (given.signature) response.signature = text(given.signature)
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response })
}

const asking = (form: HTMLFormElement, ask: () => Promise<Credential | null>): void => {
  const words = form.querySelector<HTMLElement>('[data-passkey-words]')
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (words) words.textContent = ''
    ask()
      .then((made) => {
        if (!made) throw new Error('nothing')
        form.querySelector<HTMLInputElement>('[name=answer]')!.value = answerOf(made as PublicKeyCredential)
        form.submit()
      })
      .catch((reason: Error) => {
        if (words) words.textContent = reason.name === 'Said' ? reason.message : (form.dataset.wordsFailed ?? '')
      })
  })
}

const make = async (form: HTMLFormElement): Promise<Credential | null> => {
  const answer = await fetch(form.dataset.passkey!, {
    method: 'POST',
    headers: { 'X-CSRFToken': form.querySelector<HTMLInputElement>('[name=csrfmiddlewaretoken]')!.value },
  })
  const options = (await answer.json()) as Json
  if (!answer.ok) throw Object.assign(new Error(String(options.words ?? '')), { name: 'Said' })
  const user = options.user as Json
  return navigator.credentials.create({
    publicKey: {
      ...(options as unknown as PublicKeyCredentialCreationOptions),
      challenge: bytes(String(options.challenge)),
      user: { ...(user as unknown as PublicKeyCredentialUserEntity), id: bytes(String(user.id)) },
      excludeCredentials: named(options.excludeCredentials),
    },
  })
}

const use = (options: Json): Promise<Credential | null> =>
  navigator.credentials.get({
    publicKey: {
      ...(options as unknown as PublicKeyCredentialRequestOptions),
      challenge: bytes(String(options.challenge)),
      allowCredentials: named(options.allowCredentials),
    },
  })

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-passkey]')) asking(form, () => make(form))
for (const form of document.querySelectorAll<HTMLFormElement>('form[data-passkey-use]')) {
  const options = JSON.parse(document.getElementById('passkey-options')?.textContent ?? '{}') as Json
  asking(form, () => use(options))
}
