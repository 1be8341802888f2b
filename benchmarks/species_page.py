"""The page that the validation of species identification writes."""

PAGE = """# Validation of species identification

Written by one command; do not edit: `python -m benchmarks.species_validation FASTA… --simulated N --out FILE`. Of each
file 15 % of the species were taken out whole (absent); everything else became the reference set, ours and the peers'
alike. Present queries are records of the set whose species has several, each left out of its own search
(leave-one-out; struck from the peers' hits as well). Data: reference files of third parties named in each row, not part
of the product; simulated sets are made by `benchmarks/species_data.py` and favour a search of their own making: trust
the rows on real data. Codes: each holds the base it stands for.

## Search

Top-1: share of present queries whose own species is nearest, a tie among n species scoring 1/n. «megablast» (20
records) and «vsearch» (eight hits, identity as printed, to 0.1 %) are as the goals were set. A list of eight
flatters: of twenty tied species eight are shown, a tie of 1/8. «All ties, exact»: 50 hits, identity counted from
vsearch's columns (ids, mism, gaps). There, and in the row of ours that says so, species less than half an edit apart
are tied (9 of 170 and 9 of 169); «spoor» ties what is equal to the last digit. The last columns: share of absent
species called, at the strictest identity threshold that still calls that share of the present; a call needs 0.3 %
distance to the second species. «–»: no threshold calls as many. «By confidence»: the same with a threshold on the
confidence that stands beside each answer, whatever the identity and the second species.

| set (present + absent queries) | engine | top-1 | false at .50 | .70 | .80 | .90 | .95 |
|---|---|---|---|---|---|---|---|
{search}

### Every record that can be asked

The same for every record whose species has several (400 drawn where there are more), left out of its own search among
all records of the file, no species taken out. The last column is the score the share comes of.

| set, queries | engine | top-1 | score |
|---|---|---|---|
{every}

## At the call rate of our own rule

The calibrated rule of the set names some of the present species; the peers' identity threshold (with 0.3 % to the
second species) and our own confidence alone are set so that they call as many. Shown are the present species called and
how many of these by a wrong name, and what is then called of the absent species, with the exact 95 % interval. Sets of
fewer than 300 species were split three times, each time with a calibration of its own, and the counts added. «–»: no
threshold calls as many; such sets are left out of the sums. No calibration saw its queries.

| set | engine | present called | of these wrongly | absent called (95 %) |
|---|---|---|---|---|
{matched}

## Sets with short records

Four records in ten cut to a random stretch of 15 to 45 % (100 bases at least); whole queries, top-1 as above.

| set | engine | top-1 | queries |
|---|---|---|---|
{short}

## Stated and seen error rates

Stated: the calibration's own count, on each half of the species by what the other half alone chooses. Seen: queries the
calibration never met. Records of one species err alike and are no independent trials: on either side every species
counts once, by one record drawn. p: Fisher's exact test, two-sided, that both come from one rate. Holds: p ≥ 0.05, or
fewer errors than stated. {chance}

| set | bases | species | stated wrong | seen wrong (95 %) | p | holds | |
|---|---|---|---|---|---|---|---|
{calibration}

## Mixtures and chimeras

300 pairs of records of two species of the set, of the commonest length: their letters joined to IUPAC codes, or cut and
joined at one point. «Alone»: these two species and no others; «listed»: both stand among the species named, where
species that share the bases explain the sequence as well. «Apart»: listed, of those that can be told from one template
at all (more than five two-base codes, or more than three edits from every single record). False flags: unmixed
queries called a mixture, present and absent species, as they are; «altered»: the same with 3 % errors, and 150 bases of
every one that is longer than 300. Pairs are drawn anew each time, so records recur; brackets: exact 95 % interval.

| set | mixed: alone | listed | apart | joined: alone | listed | apart | false flags | altered |
|---|---|---|---|---|---|---|---|---|
{mixtures}
"""
