// Pages for residents: everything here only helps; the pages work without it.
import { areaMap } from './areamap'
import { everywhere } from './dom'
import { drafts } from './draft'
import { giveIds } from './ids'
import { photos } from './photo'
import { places } from './place'

areaMap()
everywhere((root) => {
  drafts(root)
  giveIds(root)
  photos(root)
  places(root)
})
