const BEARER = /^Bearer +([\w\-.~+/]+=*)$/i
const LONGEST = 4096

/** The token of a request: of its Authorization header, else of the cookie. Never of the URL, which ends up in logs. */
export function tokenOf(header: (name: string) => string | undefined, cookie: string): string | undefined {
  const authorization = header('authorization')
  const token = authorization === undefined ? cookieOf(header('cookie'), cookie) : BEARER.exec(authorization)?.[1]
  return token !== undefined && token.length <= LONGEST ? token : undefined
}

function cookieOf(cookies: string | undefined, name: string): string | undefined {
  const pair = cookies
    ?.split(';')
    .map(text => text.trim())
    .find(text => text.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}
