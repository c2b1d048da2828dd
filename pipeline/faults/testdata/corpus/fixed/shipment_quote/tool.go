package tool

import (
	"encoding/json"
	"errors"
	"fmt"
)

type parcel struct {
	Grams  int `json:"grams"`
	Length int `json:"length"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

type order struct {
	Zone    string   `json:"zone"`
	Parcels []parcel `json:"parcels"`
}

var perKilo = map[string]int{"home": 90, "near": 150, "far": 420}

// billed is the greater of the weight and the volume weight, in whole
// kilograms rounded up; 5000 cubic centimetres weigh a kilogram.
func (p parcel) billed() int {
	volume := p.Length * p.Width * p.Height / 5
	grams := max(p.Grams, volume)
	return (grams + 999) / 1000
}

func (p parcel) check() error {
	if p.Grams <= 0 || p.Length <= 0 || p.Width <= 0 || p.Height <= 0 {
		return errors.New("parcel without a size")
	}
	return nil
}

// Run prices an order in cents, with a discount from three parcels on.
func Run(input []byte) ([]byte, error) {
	var o order
	if err := json.Unmarshal(input, &o); err != nil {
		return nil, err
	}
	rate, ok := perKilo[o.Zone]
	if !ok {
		return nil, errors.New("unknown zone")
	}
	kilos := 0
	for _, p := range o.Parcels {
		if err := p.check(); err != nil {
			return nil, err
		}
		kilos += p.billed()
	}
	price := kilos * rate
	if len(o.Parcels) >= 3 {
		price -= price / 10
	}
	return []byte(fmt.Sprintf("%d kg %d.%02d\n", kilos, price/100, price%100)), nil
}
