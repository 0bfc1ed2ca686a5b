import { useState } from 'react'
import { Alerts } from './Alerts.tsx'

export function App() {
  const [isShown, setShown] = useState(true)
  return (
    <>
      <button type="button" onClick={() => setShown(!isShown)}>
        {isShown ? 'Hide' : 'Show'}
      </button>
      {isShown && <Alerts />}
    </>
  )
}
